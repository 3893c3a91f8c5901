# SPDX-License-Identifier: GPL-2.0-only
# common.sh - what the checks of kit/series share; sourced by them, inside
# build/root, in the project's top directory. $OUT has the patches.
#
# build/series.tree is a copy of the base, its files shared by hard links, in which
# git knows those files alone that the series is about: git replaces files, it
# does not write into them, so the base stays as it is.

set -euo pipefail
export LC_ALL=C
LINUX=/src/build/linux
BASE=/src/build/base
TREE=/src/build/series.tree
export GIT_DIR=/src/build/series.git
GIT_ID=(-c "user.name=kit/series" -c "user.email=kit@localhost" -c gc.auto=0)

# patches: all of them, in order, without the cover letter
patches() { find "$OUT" -name '[0-9]*.patch' ! -name '0000-*' | sort; }

# subject PATCH: the end of its name
subject() { basename "$1" .patch; }

in_tree() { GIT_WORK_TREE=$TREE git -C "$TREE" "${GIT_ID[@]}" "$@"; }

# fresh_tree: $TREE is the untouched base, and so is HEAD
fresh_tree() {
	if [ ! -f "$TREE/Makefile" ] || ! cmp -s build/stamps/base build/series.tree.base; then
		rm -rf "$TREE"
		cp -al "$BASE" "$TREE"
		cp build/stamps/base build/series.tree.base
	fi
	rm -rf "$GIT_DIR/rebase-apply"
	if [ ! -f "$GIT_DIR/kit-tree" ]; then
		# what an earlier series has left
		known | (cd "$TREE" && xargs -r -d '\n' rm -f --)
		git ls-tree -r --name-only base | restore
	fi
	git update-ref --no-deref HEAD base
	git config core.bare false
	in_tree reset -q --hard base
	: >"$GIT_DIR/kit-tree"
	git ls-tree -r --name-only base | while read -r f; do
		diff --no-dereference -q "$TREE/$f" "$BASE/$f" || exit 1
	done
	known | (cd "$TREE" && xargs -r -d '\n' find 2>/dev/null) |
		grep -vxF -f <(git ls-tree -r --name-only base) || return 0
	echo "the tree of the base has files of ours"
	return 1
}

# known: every file that any patch brings
known() { git log --format= --name-only base..series | sort -u | sed '/^$/d'; }

# restore: the files on stdin as the base has them
restore() {
	while read -r f; do
		mkdir -p "$TREE/${f%/*}"
		ln -f "$BASE/$f" "$TREE/$f"
	done
}

# apply_patch PATCH: one more
apply_patch() { in_tree am -q --keep-cr --committer-date-is-author-date "$PWD/$1"; }
