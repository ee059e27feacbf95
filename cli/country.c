/*
 * country: what the console shows of nodes, members and departments, as
 * tables.
 */
#include "cli/country.h"

#include "cli/call.h"
#include "cli/fetch.h"

int
country_platforms(const struct args *args)
{
	static const struct show_column columns[] = {{"code", "code"},
	    {"name", "name"}, {"link", "link"}, {"behind", "behind"},
	    {"proven", "proven"}, {"streams", "streams"},
	    {"disk_free", "disk free"}, {"certificate", "certificate ends"},
	    {"revocation_ms", "revocation ms"}, {"software", "software"},
	    {"protocol", "protocol"}, {NULL, NULL}};

	return call_table(args, "/v1/platforms", "platforms", columns);
}

int
country_keys(const struct args *args)
{
	static const struct show_column columns[] = {{"name", "owner"},
	    {"kind", "kind"}, {"since", "since"}, {"roll_by", "roll by"},
	    {"expires", "expires"}, {"next", "next"},
	    {"announced", "announced"}, {"heard", "heard"}, {"key", "key"},
	    {NULL, NULL}};

	return call_table(args, "/v1/keys", "keys", columns);
}

int
country_gaps(const struct args *args)
{
	static const struct show_column columns[] = {{"code", "code"},
	    {"name", "name"}, {"from", "from"}, {"until", "until"},
	    {"hours", "hours"}, {"entries", "entries"}, {NULL, NULL}};

	return call_table(args, "/v1/trails/gaps", "gaps", columns);
}

int
country_budgets(const struct args *args)
{
	static const struct show_column columns[] = {{"node", "node"},
	    {"member", "member"}, {"kind", "kind"}, {"spent", "spent"},
	    {"budget", "budget"}, {"until", "until"}, {NULL, NULL}};

	return call_table(args, "/v1/budgets", "budgets", columns);
}

int
country_use(const struct args *args)
{
	static const struct show_column columns[] = {{"hour", "hour"},
	    {"node", "node"}, {"action", "action"}, {"purpose", "purpose"},
	    {"item", "item"}, {"questions", "questions"},
	    {"refused", "refused"}, {NULL, NULL}};
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/usage?limit=5000&member=");
	fetch_escape(args->operands[0], &path);
	call_filter(args, "from", &path);
	call_filter(args, "to", &path);
	code = call_table(args, buf_cstr(&path), "usage", columns);
	buf_release(&path);
	return code;
}

int
country_departments(const struct args *args)
{
	static const struct show_column columns[] = {{"provider", "provider"},
	    {"name", "name"}, {"item", "item"}, {"cadence", "cadence"},
	    {"periods_received", "received"}, {"periods_due", "due"},
	    {"late", "late"}, {"rows", "rows"}, {"rejected", "rejected"},
	    {"conflicts", "conflicts"}, {"open_rows", "open"},
	    {"last_day", "last day"}, {NULL, NULL}};
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/departments?");
	call_filter(args, "provider", &path);
	call_filter(args, "day", &path);
	code = call_table(args, buf_cstr(&path), "items", columns);
	buf_release(&path);
	return code;
}

int
country_grid(const struct args *args)
{
	static const struct show_column columns[] = {{"province", "province"},
	    {"category", "category"}, {"state", "state"}, {"items", "items"},
	    {"rows", "rows"}, {"rejected", "rejected"},
	    {"last_day", "last day"}, {NULL, NULL}};

	return call_table(args, "/v1/grid", "cells", columns);
}
