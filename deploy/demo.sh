#!/bin/bash
# The whole network on one machine, step by step.
#   deploy/demo.sh         start, feed, show, stop        (FEED=file.csv: your own registrations)
#   deploy/demo.sh up      start and feed, leave it running; run/env.sh says where
#   deploy/demo.sh down    stop it
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
run=${RX_RUN:-$here/run}
bin=${RX_BIN:-$here/build}
rx=$bin/rongxin
network=$here/deploy/network.sh
seed=2024
follower= # who waits for the bank's events
export RX_ELSEWHERE=5
export RX_CATALOGUE=$here/deploy/catalogue/catalogue.json

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'; else bold='' dim='' off=''; fi
step() { printf '\n%s%s%s\n%s%s%s\n' "$bold" "$1" "$off" "$dim" "$2" "$off"; }

# What a command says matters only when it fails.
quietly() {
	local said
	said=$("$@" 2>&1) || {
		printf '%s\n' "$said" >&2
		return 1
	}
}

# The beginning and the end of a long answer.
brief() { awk -v most="$1" 'NR <= most { print; next } { tail[NR % 3] = $0; n = NR }
	END { if (n) { if (n > most + 3) print "  …"; for (i = (n - 2 > most ? n - 2 : most + 1); i <= n; i++) print tail[i % 3] } }'; }

as() { # WHO words…: the CLI with that member's certificate
	local who=$1
	shift
	"$rx" "$@" --as "$run/id/$who"
}

# Registrations: FEED (may be .gz), or 2,000 made ones with 2 % wrong codes.
make_feeds() {
	mkdir -p "$run/feed"
	if [ -n "${FEED:-}" ]; then
		case $FEED in
		*.gz) gzip -dc "$FEED" >"$run/feed/1.csv" ;;
		*) cat "$FEED" >"$run/feed/1.csv" ;;
		esac
		sed 1d "$run/feed/1.csv" | grep -oE '9[0-9]4401[0-9]{2}[0-9A-HJ-NP-RTUWXY]{10}' |
			head -n 2000 >"$run/feed/subjects" || true
	else
		"$rx" gen --item 1 --rows 2000 --seed $seed --division 4401,4403,4406 \
			--dirt uscc=0.02 >"$run/feed/1.csv"
	fi
	for item in 11 17 19 25; do
		if [ -s "$run/feed/subjects" ]; then
			"$rx" gen --item $item --rows 2000 --seed $seed --subjects "$run/feed/subjects"
		else
			"$rx" gen --item $item --rows 2000 --seed $seed --division 4401,4403,4406
		fi >"$run/feed/$item.csv"
	done
}

hand_in() {
	local batch
	batch=$(date +%Y%m%dT%H%M%S)
	as dept feed submit 1 "$run/feed/1.csv" --id "reg-$batch" --json >"$run/feed/receipt.json"
	for item in 11 17 19 25; do
		as dept feed submit $item "$run/feed/$item.csv" --id "item$item-$batch" --json >/dev/null
	done
}

# The first subject of the feed that the Guangzhou node holds, with a
# certificate of its own so that it can sign.
choose_subject() {
	local code
	wait_equal gz
	for code in $(sed 1d "$run/feed/19.csv" | grep -oE '9[0-9]4401[0-9]{2}[0-9A-HJ-NP-RTUWXY]{10}' | head -n 200); do
		as bank query "$code" --purpose pre_loan --items 1 --json 2>/dev/null | grep -vq '"elsewhere"' || continue
		subject=$code
		break
	done
	[ -n "${subject:-}" ] || { echo "demo: no subject of Guangzhou (4401) in this feed" >&2; return 1; }
	quietly "$rx" key member --network "$run/net" --out "$run/id/subject" --code "$subject" \
		--name 演示企业 --kind subject
	as operator member admit "$run/id/subject.member.json" >/dev/null
	wait_equal gz
	cat >>"$run/env.sh" <<-EOF
		export RX_SUBJECT=$subject
		export RX_SUBJECT_CERT=$run/id/subject.crt RX_SUBJECT_KEY=$run/id/subject.key
	EOF
}

# One that the Shenzhen node holds.
choose_elsewhere() {
	local code
	wait_equal sz
	for code in $(sed 1d "$run/feed/1.csv" | grep -oE '9[0-9]4403[0-9]{2}[0-9A-HJ-NP-RTUWXY]{10}' | head -n 200); do
		if as bank query "$code" --purpose pre_loan --items 1 --json --node "$RX_CITY2" 2>/dev/null | grep -vq '"elsewhere"'; then
			echo "$code"
			return 0
		fi
	done
	# A feed of one city only: then it is answered here.
	echo "$subject"
}

state() { # WHERE PREFIX: the positions and digests of the streams it holds
	as operator node status --node "$1" --json |
		grep -oE '"stream":"[0-9]{4}","position":[0-9]+,"head":"[0-9a-f]+","state":"[0-9a-f]+"' |
		grep -E "\"stream\":\"(0000|$2)" || true
}

# Wait until a node's positions and state digests are the hub's.
wait_equal() { # NAME
	local prefix url
	case $1 in gd) prefix=44 url=$RX_PROVINCE ;; gz) prefix=4401 url=$RX_CITY ;; sz) prefix=4403 url=$RX_CITY2 ;; esac
	for _ in $(seq 1200); do
		[ -n "$(state "$RX_HUB" $prefix)" ] && [ "$(state "$RX_HUB" $prefix)" = "$(state "$url" $prefix)" ] && return 0
		sleep 0.1
	done
	echo "demo: $1 did not become equal to the hub" >&2
	return 1
}

up() {
	"$network" up "$run"
	# shellcheck disable=SC1091 # written by network.sh
	. "$run/env.sh"
	make_feeds
	hand_in
	choose_subject
}

show() {
	local consent=demo-$RANDOM$RANDOM industry penalty

	step "1. A department hands in registrations; the receipt counts every row" \
		"   Wrong rows come back as findings with line, field and rule; the good ones are in the ledger."
	as dept feed receipt 1 "$(value batch <"$run/feed/receipt.json")"
	as dept feed findings 1 "$(value batch <"$run/feed/receipt.json")" | brief 4

	step "2. The same file again changes nothing" "   A row with the same content is counted as unchanged and not sent on."
	as dept feed submit 1 "$run/feed/1.csv" --id "again-$RANDOM$RANDOM"

	step "3. It has arrived: hub → province → city, every batch signed, chained, verified" \
		"   position and state digest at the city equal the hub's; delay is from commit at the hub to applied at the city."
	as operator node status --node "$RX_CITY"

	step "4. A loan begins: a bank looks for customers whom nobody names to it" \
		"   Bands and tokens instead of names; at least ten enterprises look like each row."
	industry=$(as bank query "$subject" --items 1 --json | value industry)
	screen | brief 5

	step "5. $subject asks it for a loan: what is public of it" "   The answer names as-of time, position and provider, and its own trail entry."
	as bank query "$subject" --purpose pre_loan --items 1,11,17 | brief 24

	step "6. Tax amounts are protected: withheld for want of the enterprise's consent" "   The answer says what was left out and by which rule."
	as bank query "$subject" --purpose pre_loan --items 19

	step "7. The enterprise signs a consent with its own key; it travels to the hub and to every node" \
		"   In a browser with its certificate the page $RX_CITY/my/ does the same (make up). Now item 19 is shown."
	"$rx" consent sign --stem "$run/id/subject" --grantee 91440101MA000RX19U --purpose pre_loan \
		--items 19 --days 30 --id "$consent" >"$run/feed/consent.jws"
	as bank consent register "$run/feed/consent.jws"
	as bank query "$subject" --purpose pre_loan --items 19 --consent "$consent" | brief 14

	step "8. Was it a row of step 4? Its consent opens its own token, and no other" \
		"   The bank tries the rows that fit; whose the others are it does not learn."
	show_token "$consent"

	step "9. The report to file: signed JSON, a page, a PDF, which anybody can check offline" "   They stay in run/ when the demo has ended."
	as bank query "$subject" --purpose pre_loan --consent "$consent" \
		--signed "$run/report.jws" --html "$run/report.html" --pdf "$run/report.pdf"
	"$rx" report verify "$run/report.pdf" --member "$run/id/gz.member.json"
	said_in "$run/report.jws" >"$run/report.json"
	echo "report.json (what is signed), report.jws, report.html and report.pdf are in run/"

	step "10. The loan is paid out and watched: a department fines the enterprise, the bank is told" \
		"   Events are pushed in order and numbered without gaps; a signed webhook can bring them, too."
	show_watch

	step "11. The enterprise objects: marked at every node, corrected, and the bank is told" \
		"   It signs what is wrong; the department that handed the penalty in accepts, then withdraws it."
	show_objection "$consent"

	step "12. Another bank with the same consent gets nothing from it" "   A consent names its grantee."
	as bank2 query "$subject" --purpose pre_loan --items 19 --consent "$consent"

	step "13. The enterprise revokes: refused at once here, everywhere within a second" "   The node that took the revocation refuses from that moment."
	as subject consent revoke "$consent" --stem "$run/id/subject"
	as bank query "$subject" --purpose pre_loan --items 19 --consent "$consent"

	step "14. The bank asks its city about an enterprise of the other city: one door, the whole country" \
		"   The holder decides and answers; both trails have the question and name each other."
	as bank query "$(choose_elsewhere)" --purpose pre_loan --items 1,11 | brief 30

	step "15. The enterprise sees who saw its data, at every node, from one of them" "   It signs for that; nodes that did not answer would be named."
	"$rx" trail accesses "$RX_CITY2" --all --as "$run/id/subject" --ca "$RX_CA" | brief 12

	step "16. The trail: every question above, refusals included, in a Merkle log" "   A copy with one changed bit is found out."
	show_trail

	step "17. kill -9 of the city and of the hub; they come back at exactly the same state" "   Positions and digests before and after."
	show_crash
}

# A value of a JSON answer: the last of that name.
value() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# A screening by the applicant's industry; all of them where it is not known.
screen() {
	as bank query screening ${industry:+--where "industry=${industry:0:1}"} --limit 10000 "$@"
}

# A row says the applicant's line of business or, to be like others, less.
show_token() { # CONSENT
	local token rows asked=0
	rows=$(screen --json | grep -oE '"token":"[^"]*","division":"[^"]*","industry":"[^"]*"' |
		grep -E "\"industry\":\"(${industry:0:3}|${industry:0:1}|[*?])\"" | cut -d'"' -f4 || true)
	for token in $rows; do
		asked=$((asked + 1))
		as bank query --token "$token" --purpose pre_loan --items 19 --consent "$1" \
			>"$run/feed/token" 2>/dev/null || continue
		echo "$(wc -w <<<"$rows") rows fit; number $asked, token $token, is it:"
		head -n 1 "$run/feed/token"
		return 0
	done
	echo "none of the $asked rows that fit is the applicant: too few are like it"
}

# The next event that the bank is told, and how long it took.
told() {
	local event now
	read -t 30 -r event <&3
	now=$(date +%s%3N)
	echo "$event"
	echo "told $((now - $(date -d "$(value committed <<<"$event")" +%s%3N))) ms after the hub had committed it"
}

show_watch() {
	penalty="政字〔2026〕$RANDOM号"
	as bank watch add "$subject" --id loans --items 11
	exec 3< <(exec "$rx" events --follow --as "$run/id/bank")
	follower=$!
	echo "$subject" >"$run/feed/fined"
	"$rx" gen --item 11 --rows 1 --seed $seed --subjects "$run/feed/fined" |
		sed -E "s/政字〔[0-9]+〕[0-9]+号/$penalty/" >"$run/feed/penalty.csv"
	as dept feed submit 11 "$run/feed/penalty.csv" --id "penalty-$RANDOM$RANDOM"
	told
}

# What a compact JWS signs.
said_in() {
	local part
	part=$(cut -d. -f2 "$1" | tr '_-' '/+')
	while [ $((${#part} % 4)) -ne 0 ]; do part="$part="; done
	printf %s "$part" | base64 -d
}

# The states of the records of an item in a node's report.
marks() { # URL
	as bank query "$subject" --purpose pre_loan --items 11 --json --node "$1" |
		grep -oE '"state":"[a-z]+"' | sort | uniq -c | sed 's/"state"://' | tr -s ' "\n' ' '
}

show_objection() { # ID
	as subject objection file --stem "$run/id/subject" --item 11 --record "$penalty" \
		--reason wrong --text 处罚决定书已被撤销 --id "$1"
	for _ in $(seq 300); do
		as dept objection list --state filed | grep -q "$1" && break
		sleep 0.1
	done
	as dept objection accept "$1" >/dev/null
	echo "the department accepts it: the record is disputed"
	told
	for url in "$RX_CITY" "$RX_PROVINCE"; do
		echo "its penalties in a report at $url:$(marks "$url")"
	done
	as dept objection decide "$1" --outcome corrected --withdraw --note 处罚决定书已被撤销 >/dev/null
	echo "the department corrects it by withdrawing the record"
	told
	kill "$follower"
	follower=
	exec 3<&-
	wait_equal gz
	as subject objection mine
	informed
}

# Every node looks into its trail for who read the record while it was wrong:
# the bank did, at the city and, above, at the province.
informed() {
	local count=0
	for _ in $(seq 300); do
		count=$(as dept objection list --json --state corrected | value informed)
		[ "${count:-0}" -lt 2 ] || break
		sleep 0.1
	done
	echo "institutions that had read it and were told: ${count:-0} (the bank, at the city and at the province)"
}

show_trail() {
	local copy log
	"$network" stop "$run" gz
	"$rx" trail verify "$run/gz/trail" --member "$run/id/gz.member.json"
	copy=$(mktemp -d)
	cp -r "$run/gz/trail" "$copy/"
	log=$(find "$copy/trail/entries" -name '*.log' | sort | head -n 1)
	printf '\x5a' | dd of="$log" bs=1 seek=100 conv=notrunc status=none
	if "$rx" trail verify "$copy/trail" --member "$run/id/gz.member.json"; then
		echo "demo: the tampered copy was not found out" >&2
		return 1
	fi
	rm -rf "$copy"
	"$network" start "$run" gz
}

show_crash() {
	wait_equal gz
	state "$RX_CITY" 4401
	kill -9 "$("$network" pid "$run" gz)" "$("$network" pid "$run" hub)"
	"$network" start "$run" hub
	"$network" start "$run" gz
	wait_equal gz
	echo "after kill -9 and restart:"
	state "$RX_CITY" 4401
}

case ${1:-show} in
up)
	up
	echo "Running.  Try it: docs/INTEGRATING.md, or  . run/env.sh; build/rongxin --help.  Stop it: make down"
	;;
down)
	"$network" down "$run"
	;;
show)
	if [ -e "$run/env.sh" ]; then
		echo "demo: a network is up in $run; make down stops it" >&2
		exit 1
	fi
	# The demo begins from nothing: what an earlier one left is in the way.
	"$network" down "$run"
	rm -rf "$(readlink -f "$run")" "$run"
	trap '[ -z "$follower" ] || kill "$follower"; "$network" down "$run"' EXIT
	began=$(date +%s)
	up
	show
	printf '\n%sDone in %s s; everything is stopped.  State is in run/, logs in run/log/.%s\n' \
		"$bold" "$(($(date +%s) - began))" "$off"
	;;
*)
	sed -n '2,5p' "$0" >&2
	exit 2
	;;
esac
