#!/bin/sh
# A simple relay in shell. For each number, it saves S3's object to a file, sends the file to rooms.media, and its id to
# rooms.mediaConfirm.
# Usage: relay.sh OBJECT_URL_PREFIX CHAT_URL COUNT
set -eu
file=$(mktemp)
trap 'rm -f "$file"' EXIT
i=0
while [ "$i" -lt "$3" ]; do
  curl -sf -o "$file" "$1/$i.bin"
  answer=$(curl -sf -H 'X-User-Id: bot' -H 'X-Auth-Token: token' -F "file=@$file" "$2/api/v1/rooms.media/GENERAL")
  id=${answer#*\"_id\":\"}
  id=${id%%\"*}
  curl -sf -o /dev/null -H 'X-User-Id: bot' -H 'X-Auth-Token: token' -H 'Content-Type: application/json' -d '{"msg":"posted"}' \
    "$2/api/v1/rooms.mediaConfirm/GENERAL/$id"
  i=$((i + 1))
done
