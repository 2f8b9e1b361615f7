//! What a CustomResourceDefinition said of a kind at one moment.

use std::{fmt, io};

/// The largest definition that is read back. etcd takes no object above 1.5 MiB by default, and the
/// API server none above 3 MiB.
const MAX_LENGTH: usize = 64 << 20;

/// Definitions repeat themselves, version by version.
const LEVEL: i32 = 3;

/// The `spec` of a CustomResourceDefinition as JSON: names, scope, and all its versions with their
/// schemas, subresources and printer columns. Kept compressed, because a cluster can have hundreds
/// of a megabyte each, and few of them are ever looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct Definition {
    compressed: Box<[u8]>,
}

impl Definition {
    /// Takes the JSON text of a CRD's `spec`.
    ///
    /// # Errors
    /// When zstd refuses, which it does for no input that fits in memory.
    pub fn new(spec: &str) -> io::Result<Self> {
        let compressed = zstd::bulk::compress(spec.as_bytes(), LEVEL)?;
        Ok(Self {
            compressed: compressed.into(),
        })
    }

    /// Takes what [`Definition::compressed`] gave.
    #[must_use]
    pub fn from_compressed(bytes: &[u8]) -> Self {
        Self {
            compressed: bytes.into(),
        }
    }

    /// One zstd frame (RFC 8878) with the JSON text.
    #[must_use]
    pub fn compressed(&self) -> &[u8] {
        &self.compressed
    }

    /// The JSON text.
    ///
    /// # Errors
    /// When the bytes that it was made of are damaged.
    pub fn spec(&self) -> io::Result<Vec<u8>> {
        let length = zstd::zstd_safe::get_frame_content_size(&self.compressed)
            .ok()
            .flatten()
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length <= MAX_LENGTH)
            .ok_or_else(|| io::Error::other("no or an absurd size in the frame"))?;
        zstd::bulk::decompress(&self.compressed, length)
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("compressed", &self.compressed.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_comes_back_and_damage_is_an_error() {
        let text = r#"{"group":"x.io","versions":[]}"#;
        let definition = Definition::new(text).unwrap();
        assert_eq!(definition.spec().unwrap(), text.as_bytes());
        let copy = Definition::from_compressed(definition.compressed());
        assert_eq!(copy, definition);
        assert!(Definition::from_compressed(b"no frame").spec().is_err());
        assert!(Definition::from_compressed(&[]).spec().is_err());
    }
}
