#!/bin/sh
# Prints the statements that register partitions with Trino, from a list of files
# of the archive on standard input. Registering a partition twice is an error in
# Trino: list the files of new days only.
#
#   rclone lsf -R --files-only --include '/edgeone/dt=2026-05-04/**' cos:logs |
#     sh partitions.sh s3://logs/
set -eu
bucket="${1:?usage: sh partitions.sh BUCKET_URL, such as s3://logs/}"
sed -n 's|^\(.*dt=\([^/]*\)/data/domain=\([^/]*\)/area=\([^/]*\)/hour=\([^/]*\)/\)[^/]*$|\1 \2 \3 \4 \5|p' | sort -u |
  while read -r folder dt domain area hour; do
    echo "CALL hive.system.register_partition(schema_name => 'logs', table_name => 'edgeone_l7'," \
      "partition_columns => ARRAY['dt', 'domain', 'area', 'hour']," \
      "partition_values => ARRAY['$dt', '$domain', '$area', '$hour'], location => '${bucket%/}/$folder');"
  done
