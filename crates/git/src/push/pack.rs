//! New objects, and the pack that carries them.

use crate::{Error, ErrorKind};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use gix::hash::Kind::Sha1 as Sha1Kind;
use gix::objs::Kind;
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::io::Write;

/// Of all objects of one push.
const MAX_BYTES: usize = 48 << 20;

/// Objects to be sent, each once.
#[derive(Default)]
pub(super) struct Objects {
    all: BTreeMap<ObjectId, (Kind, Vec<u8>)>,
    bytes: usize,
}

impl Objects {
    /// Takes an object; answers its id.
    pub(super) fn add(&mut self, kind: Kind, data: Vec<u8>) -> Result<ObjectId, Error> {
        self.bytes += data.len();
        if self.bytes > MAX_BYTES {
            let why = format!("the changed files have more than {MAX_BYTES} bytes");
            return Err(Error::new(ErrorKind::TooLarge, why));
        }
        let id = gix::objs::compute_hash(Sha1Kind, kind, &data)
            .map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))?;
        self.all.insert(id, (kind, data));
        Ok(id)
    }

    /// The pack (git-scm.com, gitformat-pack): no deltas, since the objects are few.
    pub(super) fn pack(&self) -> Result<Vec<u8>, Error> {
        let failed = |error: std::io::Error| Error::new(ErrorKind::Storage, error.to_string());
        let mut pack = b"PACK\0\0\0\x02".to_vec();
        let count = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        pack.extend_from_slice(&count.to_be_bytes());
        for (kind, data) in self.all.values() {
            let kind: u8 = match kind {
                Kind::Commit => 1,
                Kind::Tree => 2,
                Kind::Blob => 3,
                Kind::Tag => 4,
            };
            let mut size = data.len();
            let mut byte = (kind << 4) | u8::try_from(size & 0x0f).unwrap_or(0);
            size >>= 4;
            while size > 0 {
                pack.push(byte | 0x80);
                byte = u8::try_from(size & 0x7f).unwrap_or(0);
                size >>= 7;
            }
            pack.push(byte);
            let mut encoder = ZlibEncoder::new(pack, Compression::default());
            encoder.write_all(data).map_err(failed)?;
            pack = encoder.finish().map_err(failed)?;
        }
        let hash = Sha1::digest(&pack);
        pack.extend_from_slice(&hash);
        Ok(pack)
    }
}
