//! The revisions of one object, encoded: zstd keyframes, prefix deltas, sealed blocks.
//!
//! The newest revisions are a keyframe and deltas, each with the revision before it as zstd
//! prefix. When the tail is full it is sealed into one zstd frame that holds all of its revisions,
//! which is the smallest form of all and still comes back in microseconds.

use std::{cell::RefCell, io};

use zstd::zstd_safe::{CCtx, CParameter, DCtx, get_error_name};

/// Revisions of the open tail before it is sealed; also how often a keyframe comes.
const TAIL: usize = 24;
const LEVEL: i32 = 3;

/// One encoded revision, on its own or against the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoded {
    /// Decodes by itself.
    Keyframe(Box<[u8]>),
    /// Decodes with the previous revision as prefix.
    Delta(Box<[u8]>),
}

impl Encoded {
    /// The compressed bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Encoded::Keyframe(bytes) | Encoded::Delta(bytes) => bytes,
        }
    }
}

/// A revision that does not decode.
#[derive(Debug, thiserror::Error)]
#[error("cannot decode the revision: {0}")]
pub struct DecodeError(String);

impl DecodeError {
    pub(super) fn missing() -> Self {
        Self("no such revision".into())
    }
}

/// Compresses revisions; holds the compression context, which is costly to make.
pub struct RevisionEncoder {
    context: CCtx<'static>,
}

impl Default for RevisionEncoder {
    fn default() -> Self {
        let mut context = CCtx::create();
        // Cannot fail: both are valid parameters with valid values.
        let _ = context.set_parameter(CParameter::ChecksumFlag(true));
        Self { context }
    }
}

impl std::fmt::Debug for RevisionEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RevisionEncoder").finish_non_exhaustive()
    }
}

impl RevisionEncoder {
    /// Encodes a revision, against the previous one where there is one.
    ///
    /// # Errors
    /// When zstd refuses, which it does for no input that fits in memory.
    pub fn encode(&mut self, body: &[u8], previous: Option<&[u8]>) -> io::Result<Encoded> {
        let mut out = Vec::with_capacity(zstd::zstd_safe::compress_bound(body.len()));
        match previous {
            None => {
                self.context
                    .compress(&mut out, body, LEVEL)
                    .map_err(zstd_error)?;
                Ok(Encoded::Keyframe(out.into()))
            }
            Some(previous) => {
                self.context
                    .compress_using_dict(&mut out, body, previous, LEVEL)
                    .map_err(zstd_error)?;
                Ok(Encoded::Delta(out.into()))
            }
        }
    }
}

fn zstd_error(code: usize) -> io::Error {
    io::Error::other(get_error_name(code))
}

thread_local! {
    // Making a context costs more than decoding a revision.
    static DECODER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
    static SEALER: RefCell<RevisionEncoder> = RefCell::default();
}

/// Decodes one revision; `previous` is the body before it, for a delta.
///
/// # Errors
/// When the bytes are damaged or the wrong prefix was given.
pub(super) fn decode(encoded: &Encoded, previous: Option<&[u8]>) -> Result<Vec<u8>, DecodeError> {
    let failed = |code: usize| DecodeError(get_error_name(code).to_owned());
    let bytes = encoded.bytes();
    let size = zstd::zstd_safe::get_frame_content_size(bytes)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size <= MAX_BODY)
        .ok_or_else(|| DecodeError("no or an absurd size in the frame".into()))?;
    let mut out = Vec::with_capacity(size);
    DECODER.with_borrow_mut(|context| match (encoded, previous) {
        (Encoded::Keyframe(_), _) => context.decompress(&mut out, bytes).map_err(failed),
        (Encoded::Delta(_), Some(previous)) => context
            .decompress_using_dict(&mut out, bytes, previous)
            .map_err(failed),
        (Encoded::Delta(_), None) => Err(DecodeError("a delta without its base".into())),
    })?;
    Ok(out)
}

/// etcd refuses requests above 1.5 MiB by default, and servers are configured up to tens of MiB:
/// a size above this in a file is damage, not an object.
const MAX_BODY: usize = 256 << 20;

/// Revisions sealed into one frame.
#[derive(Debug)]
struct Block {
    /// Where each revision ends in the decoded block.
    ends: Box<[u32]>,
    frame: Encoded,
}

/// The encoded revisions of one object, oldest first.
#[derive(Debug, Default)]
pub struct RevisionLog {
    blocks: Vec<Block>,
    sealed: usize,
    tail: Vec<Encoded>,
    bytes: usize,
}

impl RevisionLog {
    /// How many revisions it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sealed + self.tail.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Compressed bytes.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the next revision has to be a keyframe.
    #[must_use]
    pub fn wants_keyframe(&self) -> bool {
        self.tail.is_empty() || self.tail.len() >= TAIL
    }

    /// Appends a revision. A delta belongs to the revision that is newest now.
    pub fn push(&mut self, encoded: Encoded) {
        if matches!(encoded, Encoded::Keyframe(_)) {
            self.seal();
        }
        self.bytes += encoded.bytes().len();
        self.tail.push(encoded);
    }

    /// Turns the tail into one block. A tail that does not decode stays as it is, behind a block
    /// boundary of its own, so that its damage does not spread.
    fn seal(&mut self) {
        if self.tail.is_empty() {
            return;
        }
        let mut joined = Vec::new();
        let mut ends = Vec::with_capacity(self.tail.len());
        let mut previous: Option<Vec<u8>> = None;
        for encoded in &self.tail {
            let body = decode(encoded, previous.as_deref()).unwrap_or_default();
            joined.extend_from_slice(&body);
            ends.push(u32::try_from(joined.len()).unwrap_or(u32::MAX));
            previous = Some(body);
        }
        let sealed = SEALER.with_borrow_mut(|encoder| encoder.encode(&joined, None));
        let Ok(frame) = sealed else {
            return;
        };
        self.bytes -= self
            .tail
            .iter()
            .map(|encoded| encoded.bytes().len())
            .sum::<usize>();
        self.bytes += frame.bytes().len();
        self.sealed += ends.len();
        self.blocks.push(Block {
            ends: ends.into(),
            frame,
        });
        self.tail.clear();
    }

    /// The body of a revision by its number, 0 being the oldest.
    ///
    /// # Errors
    /// When there is no such revision or its bytes are damaged.
    pub fn body(&self, revision: usize) -> Result<Vec<u8>, DecodeError> {
        if let Some(in_tail) = revision.checked_sub(self.sealed) {
            let chain = self.tail.get(..=in_tail).ok_or_else(DecodeError::missing)?;
            let mut body: Option<Vec<u8>> = None;
            for encoded in chain {
                body = Some(decode(encoded, body.as_deref())?);
            }
            return body.ok_or_else(DecodeError::missing);
        }
        let mut first = 0;
        for block in &self.blocks {
            if let Some(end) = block.ends.get(revision - first) {
                let start = match revision - first {
                    0 => 0,
                    n => block.ends[n - 1] as usize,
                };
                let joined = decode(&block.frame, None)?;
                return joined
                    .get(start..*end as usize)
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| DecodeError("block is shorter than its index".into()));
            }
            first += block.ends.len();
        }
        Err(DecodeError::missing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log_of(bodies: &[Vec<u8>]) -> RevisionLog {
        let mut encoder = RevisionEncoder::default();
        let mut log = RevisionLog::default();
        for (i, body) in bodies.iter().enumerate() {
            let previous = if log.wants_keyframe() {
                None
            } else {
                Some(bodies[i - 1].as_slice())
            };
            log.push(encoder.encode(body, previous).unwrap());
        }
        log
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
        #[test]
        fn every_revision_comes_back_byte_for_byte(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..90)
        ) {
            let log = log_of(&bodies);
            prop_assert_eq!(log.len(), bodies.len());
            for (i, body) in bodies.iter().enumerate() {
                prop_assert_eq!(&log.body(i).unwrap(), body);
            }
            prop_assert!(log.body(bodies.len()).is_err());
        }
    }

    #[test]
    fn similar_revisions_cost_little() {
        let body = |n: usize| {
            let lines: Vec<_> = (0..100)
                .map(|i| format!("\"key{i}\":\"{:x}\"", i * 7_919))
                .collect();
            format!("{{{},\"n\":{n}}}", lines.join(",")).into_bytes()
        };
        let bodies: Vec<_> = (0..100).map(body).collect();
        let log = log_of(&bodies);
        let raw: usize = bodies.iter().map(Vec::len).sum();
        assert!(
            log.encoded_bytes() * 10 < raw,
            "{} of {raw}",
            log.encoded_bytes()
        );
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let mut log = RevisionLog::default();
        log.push(Encoded::Keyframe(b"not zstd".as_slice().into()));
        assert!(log.body(0).is_err());
    }
}
