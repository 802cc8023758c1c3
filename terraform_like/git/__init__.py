"""What the tool asks of git.

Every function takes the root of a territory repository, which may be a sub-folder of a git repository; paths that go in
and come out are relative to that root, with forward slashes.
"""

from terraform_like.git.history import (
    author,
    branch_tip,
    changed_since,
    dirty,
    file_at,
    files_at,
    folders_left,
    head,
    holds,
    init,
    is_repository,
    merge_of,
    odd_at,
    who,
)
from terraform_like.git.ref import commit_files, fetch_ref, made, move_ref, remote, tree
from terraform_like.git.run import GitError
from terraform_like.git.signature import Keys, Signature, is_shallow, signature

__all__ = [
    "GitError",
    "Keys",
    "Signature",
    "author",
    "branch_tip",
    "changed_since",
    "commit_files",
    "dirty",
    "fetch_ref",
    "file_at",
    "files_at",
    "folders_left",
    "head",
    "holds",
    "init",
    "is_repository",
    "is_shallow",
    "made",
    "merge_of",
    "move_ref",
    "odd_at",
    "remote",
    "signature",
    "tree",
    "who",
]
