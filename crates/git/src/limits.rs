//! Bounds on what a server may make us do.

/// Sizes beyond which a remote is refused. The defaults fit the largest honest repositories.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one answer that lists refs.
    pub listing_bytes: u64,
    /// Bytes of one pack, as it comes over the wire.
    pub pack_bytes: u64,
    /// Objects in one pack.
    pub pack_objects: u32,
    /// Bytes of one object, and of any single allocation that foreign data causes.
    pub object_bytes: usize,
    /// Files and directories in one commit, counted as often as they appear.
    pub tree_entries: u64,
    /// Directories inside each other.
    pub tree_depth: usize,
    /// Bytes on disk of one object database; beyond it the database is dropped and the next
    /// revision fetched anew.
    pub database_bytes: u64,
    /// Packs in one object database, with the same consequence.
    pub database_packs: usize,
    /// Blocking operations at a time, over all remotes: waiting for the network included.
    pub operations: usize,
    /// Packs that are indexed at a time, over all remotes: this is where memory goes.
    pub indexing: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            listing_bytes: 16 << 20,
            pack_bytes: 2 << 30,
            pack_objects: 2_000_000,
            object_bytes: 128 << 20,
            tree_entries: 1_000_000,
            tree_depth: 128,
            database_bytes: 1 << 30,
            database_packs: 50,
            operations: 64,
            indexing: 2,
        }
    }
}
