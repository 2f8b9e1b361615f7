// Reads one JSON object per line, and prints what kstatus says of it, one line each:
// the status, a tab, and its message. An object that kstatus refuses is an "Error".
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(lines.Bytes()); err != nil {
			log.Fatalf("not an object: %v: %s", err, lines.Bytes())
		}
		word, message := judge(object)
		fmt.Fprintf(out, "%s\t%s\n", word, strings.ReplaceAll(message, "\n", " "))
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func judge(object *unstructured.Unstructured) (string, string) {
	result, err := status.Compute(object)
	if err != nil {
		return "Error", err.Error()
	}
	return result.Status.String(), result.Message
}
