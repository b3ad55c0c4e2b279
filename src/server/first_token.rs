//! The state directory and the first administrator's token.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use tracing::info;

use crate::api::auth;
use crate::engine::io::Request;
use crate::model::ids::TokenId;
use crate::model::roster::Node;
use crate::model::token::{Role, Token};
use crate::model::wall::Wall;
use crate::server::ServerError;
use crate::server::task::seed;

/// Makes a directory that only its owner can enter, if it is not there.
pub(super) fn private_directory(path: &Path) -> Result<(), ServerError> {
    let failed = |source| ServerError::Directory {
        path: path.to_path_buf(),
        source,
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)
}

/// Writes a fresh secret to `path` (mode 0600) and gives back the request that makes its
/// token known. The file is durable before the token is, so that no start can leave a
/// token behind whose secret nobody has.
pub(super) fn make(path: &Path) -> Result<Request, ServerError> {
    let secret = auth::secret(seed()?);
    let failed = |source| ServerError::Directory {
        path: path.to_path_buf(),
        source,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    writeln!(file, "{secret}")
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    info!(file = %path.display(), "the first administrator's token is in this file");
    Ok(Request::CreateToken(Token {
        id: TokenId(ulid::Ulid::generate()),
        name: "first administrator".into(),
        role: Role::Admin,
        node: Node::root(),
        hash: auth::hash(&secret),
        created_at: Wall::from(jiff::Timestamp::now()),
    }))
}
