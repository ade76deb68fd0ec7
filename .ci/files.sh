#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Read by the scripts beside it: the files that git knows or would add, by kind, one a line.

# Paths that match the patterns and are there; a path may just have been deleted.
listed_files() {
  local path
  git ls-files -co --exclude-standard -- "$@" | sort -u | while IFS= read -r path; do
    [[ ! -f $path ]] || printf '%s\n' "$path"
  done
}

cpp_files() { listed_files '*.cc' '*.h'; }

# Scripts, by their ending or their #! line.
shell_files() {
  local path line
  while IFS= read -r path; do
    line=''
    read -r line 2>/dev/null <"$path" || true
    if [[ $path == *.sh || $line =~ ^\#!.*[/\ ](ba|da|a)?sh($|\ ) ]]; then
      printf '%s\n' "$path"
    fi
  done < <(listed_files)
}

# Not a fuzzer's inputs, which may happen to look like text.
text_files() {
  listed_files ':!test/fuzz/corpus' | tr '\n' '\0' | xargs -0 grep -lI '' || true
}
