#!/bin/bash
# Backup of a hub or a node, and its way back (docs/OPERATING.md).
#   deploy/backup.sh hub CONF OUT            a running hub with its private cluster
#   deploy/backup.sh node CONF OUT [stopped] trail, mask.key and keys; of a stopped node all that exists only there
#   deploy/backup.sh restore OUT FOLDER USER into a new `folder` of a hub or node; keys stay in OUT/keys.tar
# OUT holds secret keys: it is made for its owner only.
set -euo pipefail

fail() {
	echo "backup: $*" >&2
	exit 1
}

value() { # NAME DEFAULT: of the settings file
	local found
	found=$(sed -n "s/^$1 *= *//p" "$conf" | tail -n 1)
	echo "${found:-$2}"
}

binaries() {
	local found=
	for found in "$(value pg_binaries '')" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
		[ ! -x "$found/pg_basebackup" ] || break
	done
	[ -x "$found/pg_basebackup" ] || fail "PostgreSQL's programs were not found"
	echo "$found"
}

begin() { # OUT
	[ ! -e "$1" ] || fail "$1 is there already"
	umask 077
	mkdir -p "$1"
	out=$(readlink -f "$1")
}

# Keys and settings by the names that the settings file gives them.
keep_keys() { # FILE…
	local file list=()
	for file in "$conf" "$@"; do
		[ ! -e "$file" ] || list+=("${file#/}")
	done
	tar -cf "$out/keys.tar" -C / "${list[@]}"
}

# Where files come and go meanwhile, one that is gone is no fault.
copy_folder() { # FROM NAME
	[ ! -d "$1/$2" ] || tar -cf - -C "$1" --warning=no-file-changed --warning=no-file-removed "$2" |
		tar -xf - -C "$out" || true
}

hub() {
	local folder stem
	folder=$(value folder /var/lib/rongxin-hub)
	[ -z "$(value database '')" ] || fail "the setting database names a PostgreSQL of yours: back that up with its own means"
	"$(binaries)/pg_basebackup" -d "$(cat "$folder/pg.conninfo")" -D "$out/pg" -X stream -c fast
	"$(binaries)/pg_verifybackup" -q "$out/pg"
	# Held batches: the row is in the ledger, the bytes are here.
	copy_folder "$folder" held
	# What was signed of the operators' actions: the restored rows must fit.
	copy_folder "$folder" journal
	stem=$(value stem /etc/rongxin/hub)
	keep_keys "$stem.key" "$stem.crt" "$(value network /etc/rongxin/network.json)" "$(value batch_key /etc/rongxin/batch.key)" \
		"$(value curve /etc/rongxin/hub.curve)" "$(value receipt_key '')" "$(value witness_key '')" "$(value journal_key '')" "$(value catalogue '')" \
		"$(value alert_webhook_secret '')" "$(value alert_mail_login '')" "$(value exchange '')"
	echo hub >"$out/kind"
}

# The checkpoints before the entries: what they promise is then in the copy.
copy_trail() { # TRAIL
	local file
	mkdir "$out/trail"
	for file in checkpoint witnessed; do
		[ ! -e "$1/$file" ] || cp -p "$1/$file" "$out/trail/"
	done
	cp -rp "$1/entries" "$out/trail/"
}

node() { # [stopped]
	local folder stem part
	folder=$(value folder /var/lib/rongxin-node)
	copy_trail "$(value trail_folder "$folder/trail")"
	for part in mask.key parent.keys catalogues; do
		[ ! -e "$folder/$part" ] || cp -rp "$folder/$part" "$out/"
	done
	if [ "${1:-}" = stopped ]; then
		for part in budget watches freight; do
			copy_folder "$folder" "$part"
		done
	fi
	stem=$(value stem /etc/rongxin/node)
	keep_keys "$stem".* "$(value network /etc/rongxin/network.json)"
	echo node >"$out/kind"
}

restore() { # OUT FOLDER USER
	local part
	[ -e "$1/kind" ] || fail "$1 is no whole backup"
	[ -z "$(ls -A "$2" 2>/dev/null)" ] || fail "$2 is not empty"
	mkdir -p "$2"
	for part in "$1"/*; do
		case ${part##*/} in
		kind | keys.tar) ;;
		*) cp -rp "$part" "$2/" ;;
		esac
	done
	chmod 700 "$2"
	[ ! -d "$2/pg" ] || chmod 700 "$2/pg"
	[ "$(id -u)" -ne 0 ] || chown -R "$3:" "$2"
}

[ $# -ge 3 ] || {
	sed -n '2,6p' "$0" >&2
	exit 2
}
case $1 in
hub | node)
	conf=$(readlink -f "$2")
	[ -r "$conf" ] || fail "$2 cannot be read"
	begin "$3"
	"$1" "${@:4}"
	;;
restore) restore "$2" "$3" "${4:-nobody}" ;;
*) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
