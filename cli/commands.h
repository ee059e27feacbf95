/*
 * commands: the subcommands of `rongxin`, one file each.
 *
 * Each gets its own name as argv[0] and returns the exit code (args.h).
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int command_key(int argc, char **argv);
int command_member(int argc, char **argv);
int command_feed(int argc, char **argv);
int command_ledger(int argc, char **argv);
int command_find(int argc, char **argv);
int command_query(int argc, char **argv);
int command_report(int argc, char **argv);
int command_conformance(int argc, char **argv);
int command_consent(int argc, char **argv);
int command_objection(int argc, char **argv);
int command_node(int argc, char **argv);
int command_trail(int argc, char **argv);
int command_catalogue(int argc, char **argv);
int command_quality(int argc, char **argv);
int command_usage(int argc, char **argv);
int command_alert(int argc, char **argv);
int command_top(int argc, char **argv);
int command_gen(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_events(int argc, char **argv);
int command_sandbox(int argc, char **argv);
int command_job(int argc, char **argv);

#endif
