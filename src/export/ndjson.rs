//! Changes as lines of JSON, while they happen.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{change_line, gap_line};
use crate::{
    model::{Change, ContextName, Gap, PrinterColumn, ResourceKind},
    timeline::{RecordSink, Recorded, SinkError},
};

/// Bytes to hold before they are written without waiting for the end of the batch.
const BUFFER: usize = 64 << 10;

/// Writes one line per change and gap of one context.
///
/// Lines reach the writer whole and in order, so that the sinks of several contexts can share one
/// output. A reader that went away (`kronika record | head`) is no error: the rest is dropped and
/// [`NdjsonSink::closed`] says so.
#[derive(Debug)]
pub struct NdjsonSink<W> {
    context: ContextName,
    writer: W,
    buffer: Vec<u8>,
    closed: Arc<AtomicBool>,
}

impl<W: Write + Send> NdjsonSink<W> {
    /// Writes the changes of a context to `writer`. `closed` becomes true once nobody reads any more.
    #[must_use]
    pub fn new(context: ContextName, writer: W, closed: Arc<AtomicBool>) -> Self {
        Self {
            context,
            writer,
            buffer: Vec::new(),
            closed,
        }
    }

    /// Whether nobody reads any more.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn line(&mut self, line: serde_json::Result<String>) -> Result<(), SinkError> {
        let line = line.map_err(|error| sink_error(error.into()))?;
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER {
            self.write_out()?;
        }
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), SinkError> {
        let result = match self.closed() {
            true => Ok(()),
            false => self
                .writer
                .write_all(&self.buffer)
                .and_then(|()| self.writer.flush()),
        };
        self.buffer.clear();
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            other => other.map_err(sink_error),
        }
    }
}

impl<W: Write + Send> RecordSink for NdjsonSink<W> {
    fn kind(&mut self, _: &ResourceKind, _: &[PrinterColumn]) -> Result<(), SinkError> {
        Ok(())
    }

    fn change(&mut self, recorded: &Recorded<'_>) -> Result<(), SinkError> {
        let change: &Change = recorded.change;
        self.line(change_line(&self.context, change))
    }

    fn gap(&mut self, gap: &Gap) -> Result<(), SinkError> {
        self.line(gap_line(&self.context, gap))
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.write_out()
    }
}

fn sink_error(source: io::Error) -> SinkError {
    SinkError {
        what: "cannot write a line of JSON".into(),
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GapCause, Moment};

    /// Takes so many writes, then nobody reads any more.
    struct Pipe {
        taken: Vec<u8>,
        writes_left: usize,
    }

    impl Write for &mut Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes_left = self
                .writes_left
                .checked_sub(1)
                .ok_or(io::ErrorKind::BrokenPipe)?;
            self.taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gap() -> Gap {
        let moment = Moment {
            wall: 0,
            monotonic: 0,
        };
        Gap {
            from: moment,
            to: moment,
            cause: GapCause::Expired,
            kind: None,
        }
    }

    #[test]
    fn writes_whole_lines_at_the_end_of_a_batch() {
        let mut pipe = Pipe {
            taken: Vec::new(),
            writes_left: 1,
        };
        let mut sink = NdjsonSink::new("a".into(), &mut pipe, Arc::default());
        sink.gap(&gap()).unwrap();
        sink.gap(&gap()).unwrap();
        sink.flush().unwrap();
        assert!(!sink.closed());
        let text = String::from_utf8(pipe.taken).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.ends_with("}\n"), "{text}");
    }

    #[test]
    fn a_reader_that_went_away_ends_it_quietly() {
        let mut pipe = Pipe {
            taken: Vec::new(),
            writes_left: 0,
        };
        let closed = Arc::new(AtomicBool::new(false));
        let mut sink = NdjsonSink::new("a".into(), &mut pipe, Arc::clone(&closed));
        sink.gap(&gap()).unwrap();
        assert!(!closed.load(Ordering::Relaxed));
        sink.flush().unwrap();
        assert!(closed.load(Ordering::Relaxed));
        sink.gap(&gap()).unwrap();
        sink.flush().unwrap();
    }
}
