#!/bin/sh
# Verifies every bag below a folder, offline, with nothing but sha256sum: the
# logs against the manifest, the manifest and the records against the tag
# manifest. A copy that rclone or a browser made is verified the same way.
#
#   sh verify.sh FOLDER
set -eu
cd "${1:?give the folder of the archive}"
find . -name tagmanifest-sha256.txt | sort | while read -r found; do
  bag=$(dirname "$found")
  (cd "$bag" && sha256sum --check --quiet --strict tagmanifest-sha256.txt manifest-sha256.txt)
  echo "$bag: $(wc -l <"$bag/manifest-sha256.txt") packages are as they were archived"
done
