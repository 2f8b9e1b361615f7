#!/usr/bin/env python3
"""Makes the fonts in this directory from the released ones (needs fonttools).

    build.py DIRECTORY-WITH-Inter-*.otf DIRECTORY-WITH-JetBrainsMono-*.ttf

What a monitor shows must be what the server sent, so contextual alternates and ligatures go
(Inter turns `3x4` into `3×4`, JetBrains Mono joins `!=` and `->`). Figures become tabular, so that
a ticking age or a count does not move its neighbours. Scripts beyond Latin, Greek and Cyrillic go
for size.
"""
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [
    (0x0020, 0x007E), (0x00A0, 0x024F), (0x0259, 0x0259), (0x02BB, 0x02DD), (0x0300, 0x0328),
    (0x0370, 0x03FF), (0x0400, 0x052F), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2070, 0x209C),
    (0x20A0, 0x20C0), (0x2100, 0x215F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2300, 0x23FF),
    (0x2500, 0x25FF), (0x2600, 0x26FF), (0x2700, 0x27BF), (0xFFFD, 0xFFFD),
]
KEEP = ["kern", "mark", "mkmk", "ccmp", "locl"]


def tabular(font):
    """Points the code points of the figures at their `tnum` forms."""
    forms = {}
    gsub = font["GSUB"].table
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for table in gsub.LookupList.Lookup[index].SubTable:
                    forms.update(getattr(getattr(table, "ExtSubTable", table), "mapping", {}))
    for table in font["cmap"].tables:
        for code, glyph in list(table.cmap.items()):
            if 0x30 <= code <= 0x39 and glyph in forms:
                table.cmap[code] = forms[glyph]


def build(source, target, figures):
    font = TTFont(source)
    if figures:
        tabular(font)
    options = subset.Options()
    options.layout_features = KEEP
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.hinting = True
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for first, last in RANGES for c in range(first, last + 1)])
    subsetter.subset(font)
    font.save(target)


here = Path(__file__).parent
inter, mono = map(Path, sys.argv[1:3])
for weight in ["Regular", "Medium", "SemiBold"]:
    build(inter / f"Inter-{weight}.otf", here / f"Inter-{weight}.otf", True)
for weight in ["Regular", "Medium"]:
    build(mono / f"JetBrainsMono-{weight}.ttf", here / f"JetBrainsMono-{weight}.ttf", False)
