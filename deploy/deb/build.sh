#!/bin/bash
# Debian packages of the programs in BIN: rongxin (command line, catalogue,
# documents), rongxin-hub, rongxin-node.
#   deploy/deb/build.sh BIN OUT
# The same sources give the same bytes (SOURCE_DATE_EPOCH, else 2020).
set -euo pipefail

here=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(readlink -f "$1")
mkdir -p "$2"
out=$(readlink -f "$2")
version=$(sed -n 's/^#define RONGXIN_VERSION "\(.*\)"$/\1/p' "$here/lib/base/version.h")-1
arch=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1577836800}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

# What a program's libraries are called here.
libraries() { # PROGRAM
	mkdir -p "$work/shlibs/debian"
	printf 'Source: rongxin\n\nPackage: rongxin\nArchitecture: any\n' >"$work/shlibs/debian/control"
	(cd "$work/shlibs" && dpkg-shlibdeps -O -e"$1" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

put() { # MODE FILE… FOLDER
	local mode=$1 to="${*: -1}"
	shift
	install -d "$to"
	install -m "$mode" "${@:1:$#-1}" "$to"
}

program() { # PACKAGE NAME
	put 755 "$bin/$2" "$work/$1/usr/bin"
	strip --strip-unneeded "$work/$1/usr/bin/$2"
}

documents() { # PACKAGE
	local to=$work/$1/usr/share/doc/$1
	put 644 "$here/LICENSE" "$to"
	mv "$to/LICENSE" "$to/copyright"
	gzip -9nc "$here/CHANGELOG.md" >"$to/changelog.gz"
}

scripts() { # PACKAGE
	local script
	for script in postinst prerm postrm; do
		sed "s/@PACKAGE@/$1/g" "$here/deploy/deb/$script" >"$work/$1/DEBIAN/$script"
		chmod 755 "$work/$1/DEBIAN/$script"
	done
}

control() { # PACKAGE DEPENDS SUMMARY
	local size
	size=$(du -sk --exclude=DEBIAN "$work/$1" | cut -f1)
	(cd "$work/$1" && find etc -type f -printf '/%p\n' | sort >DEBIAN/conffiles)
	cat >"$work/$1/DEBIAN/control" <<-EOF
		Package: $1
		Version: $version
		Architecture: $arch
		Maintainer: Rongxin <rongxin@localhost>
		Installed-Size: $size
		Depends: $2
		Section: net
		Priority: optional
		Description: $3
	EOF
}

package() { # PACKAGE
	find "$work/$1" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
	dpkg-deb --root-owner-group -Zxz --build "$work/$1" "$out" >/dev/null
	echo "$out/$1_${version}_$arch.deb"
}

command_line() {
	mkdir -p "$work/rongxin/DEBIAN"
	program rongxin rongxin
	put 644 "$here/deploy/catalogue/catalogue.json" "$work/rongxin/usr/share/rongxin"
	put 755 "$here/deploy/backup.sh" "$work/rongxin/usr/share/rongxin"
	put 644 "$here/deploy/systemd/journald@rongxin.conf" "$work/rongxin/etc/systemd"
	documents rongxin
	put 644 "$here/README.md" "$here"/docs/*.md "$work/rongxin/usr/share/doc/rongxin"
	control rongxin "$(libraries "$bin/rongxin")" "enterprise credit records: command line, catalogue, documents"
	package rongxin
}

daemon() { # NAME MORE SUMMARY
	local name=rongxin-$1
	mkdir -p "$work/$name/DEBIAN"
	program "$name" "$name"
	put 644 "$here/deploy/rongxin-$1.conf" "$work/$name/etc/rongxin"
	mv "$work/$name/etc/rongxin/rongxin-$1.conf" "$work/$name/etc/rongxin/$1.conf"
	put 644 "$here/deploy/systemd/$name.service" "$work/$name/lib/systemd/system"
	documents "$name"
	scripts "$name"
	control "$name" "rongxin (= $version), adduser, init-system-helpers, $2$(libraries "$bin/$name")" "$3"
}

hub() {
	local share=$work/rongxin-hub/usr/share/rongxin
	put 644 "$here"/sql/*.sql "$share/sql"
	put 644 "$here/deploy/prometheus-rules.yml" "$here/deploy/grafana-dashboard.json" "$here/deploy/exchange.json" "$share"
	[ ! -d "$here/build/console" ] || {
		install -d "$share/console"
		(cd "$here/build/console" && find . -type f ! -name '.*' -exec install -D -m 644 {} "$share/console/{}" \;)
	}
	put 644 "$here/deploy/deb/rongxin-hub.logrotate" "$work/rongxin-hub/etc/logrotate.d"
	mv "$work/rongxin-hub/etc/logrotate.d/rongxin-hub.logrotate" "$work/rongxin-hub/etc/logrotate.d/rongxin-hub"
}

command_line
hub
daemon hub "postgresql-15, " "enterprise credit records: the hub"
package rongxin-hub
daemon node "fonts-wqy-zenhei, " "enterprise credit records: a node"
package rongxin-node
