/*
 * rongxin: the network from the command line.
 */
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "cli/args.h"
#include "cli/commands.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *line;
};

static const struct command commands[] = {
    {"key", command_key, "make the network's keys and certificates"},
    {"member", command_member, "list, admit and suspend members"},
    {"feed", command_feed, "check and hand in batches, read receipts"},
    {"ledger", command_ledger, "what the hub knew, and when"},
    {"quality", command_quality, "what departments hand in, owe, and score"},
    {"usage", command_usage, "how much is asked at the nodes"},
    {"find", command_find, "find enterprises by name or number"},
    {"query", command_query, "ask a node about an enterprise"},
    {"report", command_report,
	"check a report that somebody shows, print it again"},
    {"consent", command_consent, "sign, register and revoke authorizations"},
    {"watch", command_watch, "watch enterprises"},
    {"events", command_events, "what became of those that are watched"},
    {"job", command_job, "reports about many enterprises"},
    {"objection", command_objection, "object to records, answer objections"},
    {"node", command_node, "how nodes are doing"},
    {"alert", command_alert, "what is wrong, and who knows"},
    {"top", command_top, "streams and nodes, live"},
    {"trail", command_trail, "verify a node's access log"},
    {"conformance", command_conformance,
	"try whether a hub or node keeps to the protocol"},
    {"sandbox", command_sandbox,
	"a node with made-up enterprises, to connect a system to"},
    {"catalogue", command_catalogue, "show, sign and publish the catalogue"},
    {"gen", command_gen, "make synthetic feeds"},
    {NULL, NULL, NULL},
};

static void
help(FILE *to)
{
	const struct command *command;

	fprintf(to,
	    "rongxin %s: enterprise credit records, shared under "
	    "authorization\n\nusage: rongxin COMMAND …\n\n",
	    RONGXIN_VERSION);
	for (command = commands; command->name != NULL; command++)
		fprintf(to, "  %-12s %s\n", command->name, command->line);
	fprintf(to, "\nrongxin COMMAND --help tells more.\n"
		    "Exit codes: 0 done, 1 the answer is no, 2 called wrongly, "
		    "3 something failed or cannot be reached.\n");
}

int
main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help(stderr);
		return MISUSED;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("rongxin %s\n", RONGXIN_VERSION);
		return DONE;
	}
	for (command = commands; command->name != NULL; command++)
		if (strcmp(command->name, argv[1]) == 0)
			return command->run(argc - 1, argv + 1);
	fprintf(stderr, "rongxin: there is no command '%s'\n", argv[1]);
	help(stderr);
	return MISUSED;
}
