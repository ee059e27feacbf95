#!/bin/bash
# The whole network on one machine: a hub with its private PostgreSQL cluster,
# one province node, two city nodes.
#   deploy/network.sh up DIR      make keys on the first time, start, admit members, write DIR/env.sh
#   deploy/network.sh down DIR    stop what `up` started, by process id
#   deploy/network.sh start DIR NAME   (hub gd gz sz) start one again, as after a crash
#   deploy/network.sh pid DIR NAME     its process id
# Ports are free ones; everything listens on 127.0.0.1; all state is in DIR.
# For tests of bad links: RX_HOST_gd (where gd listens), RX_ENTER_gd (a command
# that runs it elsewhere, such as in a network namespace) and RX_PARENT_gd ("LIVE
# FETCH", endpoints in place of its parent's); the same for hub, gz and sz.
# RX_NETWORK_CATALOGUE: another catalogue than this checkout's.
# RX_NETWORK_CLUSTER: a folder with a PostgreSQL cluster that the hub begins with.
# RX_RETENTION_HOUR: the hour at which the hub withdraws what is past its years.
# With RX_ELSEWHERE=SECONDS the member list says where each node is reached, so
# that each asks the others about what it does not hold, for so long.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
bin=${RX_BIN:-$here/build}
rx=$bin/rongxin
user=nobody

declare -A code=(
	[operator]=11100000MB0000019L [dept]=11100000MB00000510
	[gd]=11440000MB00004493 [gz]=11440100MB0044011H [sz]=11440300MB0044038K
	[bank]=91440101MA000RX19U [bank2]=91440300MA000RX27J
)
declare -A name=(
	[operator]=国家公共信用信息中心 [dept]=归集演示部门
	[gd]=广东省融资信用服务平台 [gz]=广州市融资信用服务平台 [sz]=深圳市融资信用服务平台
	[bank]=广州演示银行 [bank2]=深圳演示银行
)
declare -A kind=([operator]=operator [dept]=department [bank]=bank [bank2]=bank)
declare -A items=([dept]=$(seq -s, 1 37))
declare -A division=([gd]=44 [gz]=4401 [sz]=4403)

fail() {
	echo "network: $*" >&2
	exit 1
}

# A variable of a part: $(of ENTER gd) is $RX_ENTER_gd.
of() {
	local variable=RX_$1_$2
	echo "${!variable:-}"
}

host_of() {
	local host
	host=$(of HOST "$1")
	echo "${host:-127.0.0.1}"
}

# What a command says matters only when it fails.
quietly() {
	local said
	said=$("$@" 2>&1) || {
		printf '%s\n' "$said" >&2
		return 1
	}
}

# Started by root, all daemons become $user; when $user cannot reach the
# checkout, the state goes to /var/tmp and DIR becomes a link to it.
prepare_folder() {
	if [ "$(id -u)" -eq 0 ] && [ ! -e "$dir" ] && ! setpriv --reuid="$user" \
		--regid="$(id -g $user)" --clear-groups test -x "$(dirname "$dir")"; then
		ln -s "$(mktemp -d /var/tmp/rongxin.XXXXXX)" "$dir"
		chmod 755 "$dir/"
	fi
	dir=$(readlink -f "$dir")
	mkdir -p "$dir"/{net,id,log,pid,share}
}

copy_cluster() {
	[ -n "${RX_NETWORK_CLUSTER:-}" ] && [ ! -e "$dir/hub" ] || return 0
	mkdir -m 700 "$dir/hub"
	cp -a --sparse=always --reflink=auto "$RX_NETWORK_CLUSTER" "$dir/hub/pg"
}

give_to_user() {
	[ "$(id -u)" -ne 0 ] || chown -R "$user:" "$dir/"
}

make_keys() {
	[ ! -e "$dir/net/network.json" ] || return 0
	quietly "$rx" key network --out "$dir/net" --name demo
	for who in operator dept bank bank2; do
		quietly "$rx" key member --network "$dir/net" --out "$dir/id/$who" --code "${code[$who]}" \
			--name "${name[$who]}" --kind "${kind[$who]}" ${items[$who]:+--items "${items[$who]}"}
	done
	quietly "$rx" key member --network "$dir/net" --out "$dir/id/hub" --code "${code[operator]}" \
		--name "${name[operator]}" --hosts "localhost,$(host_of hub)"
	for who in gd gz sz; do
		quietly "$rx" key node --network "$dir/net" --out "$dir/id/$who" --code "${code[$who]}" \
			--name "${name[$who]}" --hosts "localhost,$(host_of "$who")" --divisions "${division[$who]}"
	done
	"$rx" catalogue sign "${RX_NETWORK_CATALOGUE:-$here/deploy/catalogue/catalogue.json}" \
		--key "$dir/net/catalogue.key" >"$dir/net/catalogue.jws"
}

# A moment, without a process for it.
nap() {
	read -rt 0.05 <> <(:) || true
}

is_ready() { # NAME PID
	local said=
	[ -s "$dir/$1/ready" ] || return 1
	read -rd '' said <"$dir/$1/ready" || true
	[[ $said =~ \"pid\":\ *$2[^0-9] ]]
}

# start NAME PROGRAM: run a daemon, wait until it is ready.
start_daemon() {
	local who=$1 program=$2 enter pid turn
	read -ra enter <<<"$(of ENTER "$who")"
	"${enter[@]}" "$bin/$program" --config "$dir/$who.conf" >>"$dir/log/$who.log" 2>&1 &
	echo $! >"$dir/pid/$who.pid"
	pid=$!
	for ((turn = 0; turn < 1200; turn++)); do
		! is_ready "$who" $pid || return 0
		kill -0 $pid 2>/dev/null || break
		nap
	done
	tail -n 5 "$dir/log/$who.log" >&2
	fail "$who did not start"
}

ready() { # NAME FIELD
	sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p" "$dir/$1/ready"
}

# A port, once known, stays: other parties have it in their settings.
port_of() { # NAME FIELD
	if [ -s "$dir/$1/ready" ]; then ready "$1" "$2"; else echo "$3"; fi
}

configure_hub() {
	cat >"$dir/hub.conf" <<-EOF
		folder = $dir/hub
		network = $dir/net/network.json
		stem = $dir/id/hub
		batch_key = $dir/net/batch.key
		receipt_key = $dir/net/receipt.key
		witness_key = $dir/net/witness.key
		journal_key = $dir/net/journal.key
		curve = $dir/net/hub.curve
		listen = $(port_of hub listen "$(host_of hub):0")
		live = $(port_of hub live "tcp://$(host_of hub):*")
		fetch = $(port_of hub fetch "tcp://$(host_of hub):*")
		sql_folder = $dir/share/sql
		console_folder = $dir/share/console
		catalogue = $dir/net/catalogue.jws
		operator_member = $dir/id/operator.member.json
		ready_file = $dir/hub/ready
		user = $user
		${RX_RETENTION_HOUR:+retention_hour = $RX_RETENTION_HOUR}
	EOF
}

configure_node() { # NAME PARENT [serves]
	local live fetch
	read -r live fetch <<<"$(of PARENT "$1")"
	cat >"$dir/$1.conf" <<-EOF
		folder = $dir/$1
		network = $dir/net/network.json
		stem = $dir/id/$1
		listen = $(port_of "$1" listen "$(host_of "$1"):0")
		parent_live = ${live:-$(ready "$2" live)}
		parent_fetch = ${fetch:-$(ready "$2" fetch)}
		pages_folder = $dir/share/console
		ready_file = $dir/$1/ready
		user = $user
		hook_ca = $dir/net/ca.crt
		hook_private = 1
	EOF
	[ -z "${RX_ELSEWHERE:-}" ] || echo "elsewhere_seconds = $RX_ELSEWHERE" >>"$dir/$1.conf"
	[ "$2" = hub ] || echo "parent_key = $(cat "$dir/id/$2.curve.pub")" >>"$dir/$1.conf"
	[ -z "${3:-}" ] || cat >>"$dir/$1.conf" <<-EOF
		live = $(port_of "$1" live "tcp://$(host_of "$1"):*")
		fetch = $(port_of "$1" fetch "tcp://$(host_of "$1"):*")
	EOF
}

start_one() {
	case $1 in
	hub) configure_hub; start_daemon hub rongxin-hub ;;
	gd) configure_node gd hub serves; start_daemon gd rongxin-node ;;
	gz | sz) configure_node "$1" gd; start_daemon "$1" rongxin-node ;;
	*) fail "no such part: $1 (hub gd gz sz)" ;;
	esac
}

as_operator() {
	"$rx" "$@" --hub "https://$(ready hub listen)" --ca "$dir/net/ca.crt" \
		--as "$dir/id/operator"
}

admit() {
	for who in dept bank bank2 gd gz sz; do
		as_operator member admit "$dir/id/$who.member.json" >/dev/null
	done
}

# Ports are known only now.
tell_urls() {
	for who in gd gz sz; do
		as_operator member set-url "${code[$who]}" "https://$(ready $who listen)" >/dev/null
	done
}

write_env() {
	cat >"$dir/env.sh" <<-EOF
		export RX_HUB=https://$(ready hub listen)
		export RX_PROVINCE=https://$(ready gd listen)
		export RX_CITY=https://$(ready gz listen)
		export RX_CITY2=https://$(ready sz listen)
		export RX_NODE=https://$(ready gz listen)
		export RX_CA=$dir/net/ca.crt
		export RX_PG='$(cat "$dir/hub/pg.conninfo")'
	EOF
	for who in dept bank bank2 operator; do
		printf 'export RX_%s_CERT=%s RX_%s_KEY=%s\n' \
			"${who^^}" "$dir/id/$who.crt" "${who^^}" "$dir/id/$who.key" >>"$dir/env.sh"
	done
}

# Does the process of a pid file still run, and is it the one we started?
runs() { # NAME
	local pid words=()
	[ -e "$dir/pid/$1.pid" ] || return 1
	read -r pid <"$dir/pid/$1.pid"
	mapfile -d '' -t words 2>/dev/null <"/proc/$pid/cmdline" || true
	[[ "${words[*]} " == *"--config $dir/$1.conf "* ]]
}

up() {
	! runs hub || fail "it runs already (deploy/network.sh down $dir)"
	prepare_folder
	make_keys
	rm -rf "$dir/share/sql"
	cp -r "$here/sql" "$dir/share/sql"
	rm -rf "$dir/share/console"
	mkdir -p "$here/build/console"
	cp -r "$here/build/console" "$dir/share/console"
	copy_cluster
	give_to_user
	start_one hub
	admit
	start_one gd
	start_one gz &
	local city=$!
	start_one sz
	wait $city
	if [ -n "${RX_ELSEWHERE:-}" ]; then tell_urls; fi
	write_env
}

stop_one() {
	local pid turn
	if runs "$1"; then
		pid=$(cat "$dir/pid/$1.pid")
		kill "$pid" 2>/dev/null || true
		for ((turn = 0; turn < 600; turn++)); do
			runs "$1" || break
			nap
		done
		! runs "$1" || kill -9 "$pid" 2>/dev/null || true
	fi
	rm -f "$dir/pid/$1.pid"
}

down() {
	for part in sz gz gd; do stop_one $part & done
	wait
	stop_one hub
	rm -f "$dir/env.sh"
}

command=${1:-}
dir=${2:-$here/run}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
[ ! -L "$dir" ] || dir=$(readlink -f "$dir")
case $command in
up) up ;;
down) down ;;
start) start_one "$3" ;;
stop) stop_one "$3" ;;
pid) cat "$dir/pid/$3.pid" ;;
*) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac
