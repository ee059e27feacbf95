/*
 * sandbox: one command, and a bank's system has a node to try itself on.
 *
 * Runs the commands that a network is set up with, in a new folder, and
 * becomes rongxin-node.  Codes of its members and enterprises begin with XX:
 * GB 32100-2015 has no registration department X and no category X in any, so
 * that none of them can be anybody's; their check digits are right.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/args.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "credit/roster.h"
#include "credit/uscc.h"

#define ENTERPRISES 400
#define ROWS "400"
#define WORDS_MAX 24

extern char **environ;

/* Number `index` of division `division`; of members: of the nation. */
static void
make_code(const char *division, unsigned index, char code[USCC_LEN + 1])
{
	static const char checks[] = "0123456789X";
	size_t i = 0;

	snprintf(code, USCC_LEN + 1, "XX%s00RX%06u??", division, index);
	do
		code[16] = checks[i];
	while (!uscc_organisation_is_sound(code) && checks[++i] != '\0');
	code[17] = uscc_check_character(code);
}

static const struct {
	const char *name, *kind, *zh;
} members[] = {
    {"operator", "operator", "沙箱运营方"},
    {"dept", "department", "沙箱部门"},
    {"bank", "bank", "沙箱银行"},
    {"subject", "subject", "沙箱企业甲"},
    {"subject2", "subject", "沙箱企业乙"},
};
#define MEMBERS (sizeof(members) / sizeof(*members))

/* The two enterprises that can sign are the first two of the feeds. */
static void
member_code(size_t which, char code[USCC_LEN + 1])
{
	if (strcmp(members[which].kind, "subject") == 0)
		make_code("4401", (unsigned)(which - 2), code);
	else
		make_code("1000", (unsigned)which + 1, code);
}

/* `rongxin WORDS…`, its output into `out`. */
static int
run(const struct args *args, const char *const *words, const char *out)
{
	posix_spawn_file_actions_t actions;
	int failed, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
	    &actions, STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "errors",
	    O_WRONLY | O_CREAT | O_APPEND, 0644);
	failed = posix_spawn(&pid, "/proc/self/exe", &actions, NULL,
	    (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed != 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return args_failed(args,
		    "rongxin %s %s failed: see the file errors in the folder",
		    words[1], words[2] != NULL ? words[2] : "");
	return DONE;
}
#define RUN(args, out, ...)                                                    \
	run(args, (const char *const[]){"rongxin", __VA_ARGS__, NULL}, out)

static int
make_member(const struct args *args, size_t which)
{
	char stem[PATH_MAX], code[USCC_LEN + 1], all[256] = "1";
	int item;

	snprintf(stem, sizeof(stem), "id/%s", members[which].name);
	member_code(which, code);
	for (item = 2; item <= 37; item++)
		snprintf(
		    all + strlen(all), sizeof(all) - strlen(all), ",%d", item);
	if (strcmp(members[which].kind, "department") == 0)
		return RUN(args, "/dev/null", "key", "member", "--network",
		    "net", "--out", stem, "--code", code, "--name",
		    members[which].zh, "--kind", members[which].kind, "--items",
		    all);
	return RUN(args, "/dev/null", "key", "member", "--network", "net",
	    "--out", stem, "--code", code, "--name", members[which].zh,
	    "--kind", members[which].kind);
}

static int
make_keys(const struct args *args)
{
	char code[USCC_LEN + 1];
	int failed;
	size_t i;

	make_code("1000", 100, code);
	failed = RUN(args, "/dev/null", "key", "network", "--out", "net",
	    "--name", "sandbox", "--sandbox");
	if (failed == DONE)
		failed = RUN(args, "/dev/null", "key", "node", "--network",
		    "net", "--out", "id/node", "--code", code, "--name",
		    "沙箱节点（虚构数据）", "--hosts", "localhost,127.0.0.1",
		    "--divisions", "44");
	for (i = 0; i < MEMBERS && failed == DONE; i++)
		failed = make_member(args, i);
	return failed;
}

/* Two of three are in Guangzhou, every third is in Shenzhen. */
static int
make_subjects(const struct args *args)
{
	struct buf text = {0};
	char code[USCC_LEN + 1];
	struct why why = {""};
	enum err err;
	unsigned i;

	for (i = 1; i <= ENTERPRISES; i++) {
		make_code(i % 3 != 0 ? "4401" : "4403", i, code);
		buf_print(&text, "%s\n", code);
	}
	err = file_replace("feed/subjects", buf_span(&text), 0644, &why);
	buf_release(&text);
	return err == ERR_OK ? DONE : args_failed(args, "%s", why.text);
}

static int
make_feeds(const struct args *args, const char *catalogue)
{
	char item[16], out[64];
	int number, failed = make_subjects(args);

	for (number = 1; number <= 37 && failed == DONE; number++) {
		snprintf(item, sizeof(item), "%d", number);
		snprintf(out, sizeof(out), "feed/%d.ndjson", number);
		failed = RUN(args, out, "gen", "--item", item, "--rows", ROWS,
		    "--subjects", "feed/subjects", "--division", "4401,4403",
		    "--format", "ndjson", "--catalogue", catalogue);
	}
	return failed;
}

static int
make_catalogue(const struct args *args)
{
	struct buf text = {0};
	struct why why = {""};
	enum err err = catalogue_read(args_get(args, "catalogue"), &text, &why);

	if (err == ERR_OK)
		err =
		    file_replace("catalogue.json", buf_span(&text), 0644, &why);
	buf_release(&text);
	if (err != ERR_OK)
		return args_failed(args, "%s", why.text);
	return RUN(args, "net/catalogue.jws", "catalogue", "sign",
	    "catalogue.json", "--key", "net/catalogue.key");
}

/* For a shell: the same names as deploy/network.sh gives. */
static int
write_env(const struct args *args, const char *folder, const char *listen)
{
	struct buf text = {0};
	char code[USCC_LEN + 1], bank[USCC_LEN + 1];
	struct why why = {""};
	enum err err;

	make_code("4401", 1, code);
	member_code(2, bank);
	buf_print(&text,
	    "export RX_NODE=https://%s RX_CA=%s/net/ca.crt\n"
	    "export RX_BANK_CERT=%s/id/bank.crt RX_BANK_KEY=%s/id/bank.key\n"
	    "export RX_SUBJECT=%s RX_SUBJECT_CERT=%s/id/subject.crt "
	    "RX_SUBJECT_KEY=%s/id/subject.key\n"
	    "export RX_BANK=%s RX_CATALOGUE=%s/catalogue.json\n",
	    listen, folder, folder, folder, code, folder, folder, bank, folder);
	err = file_replace("env.sh", buf_span(&text), 0644, &why);
	buf_release(&text);
	return err == ERR_OK ? DONE : args_failed(args, "%s", why.text);
}

/* What a hub answers to `member list --signed`. */
static int
sign_members(const struct args *args)
{
	struct signer *signer;
	struct buf list = {0}, jws = {0};
	char path[PATH_MAX];
	struct why why = {""};
	enum err err;
	size_t i;

	buf_char(&list, '[');
	err = file_read("id/node.member.json", MEMBER_MAX, &list, &why);
	for (i = 0; i < MEMBERS && err == ERR_OK; i++) {
		buf_char(&list, ',');
		snprintf(
		    path, sizeof(path), "id/%s.member.json", members[i].name);
		err = file_read(path, MEMBER_MAX, &list, &why);
	}
	buf_char(&list, ']');
	signer = err == ERR_OK ? signer_open("net/receipt.key", &why) : NULL;
	if (signer != NULL)
		err = roster_sign(
		    buf_span(&list), "sandbox", clock_now_us(), signer, &jws);
	if (signer != NULL && err == ERR_OK)
		err =
		    file_replace("net/members.jws", buf_span(&jws), 0644, &why);
	signer_free(signer);
	buf_release(&list);
	buf_release(&jws);
	return signer != NULL && err == ERR_OK
		   ? DONE
		   : args_failed(args, "%s", why.text);
}

/* In the working folder.  The file "made" comes last. */
static int
make(const struct args *args)
{
	struct why why = {""};
	int failed;

	if (file_exists("made"))
		return DONE;
	if (file_exists("net"))
		return args_failed(
		    args, "the folder is half made: remove it first");
	if (file_make_folder("id", 0755, &why) != ERR_OK ||
	    file_make_folder("feed", 0755, &why) != ERR_OK)
		return args_failed(args, "%s", why.text);
	failed = make_keys(args);
	if (failed == DONE)
		failed = sign_members(args);
	if (failed == DONE)
		failed = make_catalogue(args);
	if (failed == DONE)
		failed = make_feeds(args, "catalogue.json");
	if (failed == DONE &&
	    file_replace("made", span_of("\n"), 0644, &why) != ERR_OK)
		failed = args_failed(args, "%s", why.text);
	return failed;
}

static void
tell(const char *folder, const char *listen)
{
	printf("sandbox: %s, everything in it is made up. When it is ready:\n\n"
	       "  . %s/env.sh\n"
	       "  curl --cacert $RX_CA --cert $RX_BANK_CERT --key "
	       "$RX_BANK_KEY https://%s/v1/enterprises/$RX_SUBJECT\n\n",
	    folder, folder, listen);
	fflush(stdout);
}

/* Beside this program, else in PATH. */
static int
become_node(const struct args *args, const char *folder, const char *listen)
{
	char program[PATH_MAX] = "";
	const char *words[] = {"rongxin-node", "--sandbox", folder, "--listen",
	    listen, "--ready_file", "ready", NULL};
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 8);
	char *end = len > 0 ? strrchr(program, '/') : NULL;

	if (end != NULL)
		strcpy(end, "/rongxin-node");
	if (end != NULL && file_exists(program))
		execv(program, (char *const *)words);
	execvp("rongxin-node", (char *const *)words);
	return args_failed(args, "rongxin-node: %s", strerror(errno));
}

static int
sandbox_run(const struct args *args)
{
	const char *asked =
	    args->operand_count > 0 ? args->operands[0] : "sandbox";
	const char *listen = args_get(args, "listen");
	char folder[PATH_MAX];
	struct why why = {""};
	int failed;

	if (listen == NULL)
		listen = "127.0.0.1:8443";
	if (file_make_folder(asked, 0755, &why) != ERR_OK)
		return args_failed(args, "%s", why.text);
	if (realpath(asked, folder) == NULL || chdir(folder) != 0)
		return args_failed(args, "%s: %s", asked, strerror(errno));
	failed = make(args);
	if (failed == DONE)
		failed = write_env(args, folder, listen);
	if (failed != DONE)
		return failed;
	tell(folder, listen);
	return args_has(args, "prepare") ? DONE
					 : become_node(args, folder, listen);
}

static const struct arg_option options[] = {
    {"listen", "ADDRESS", NULL, "of the node's HTTPS (127.0.0.1:8443)"},
    {"catalogue", "FILE", NULL, "another one than the national list"},
    {"prepare", NULL, NULL, "make the folder only"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"sandbox", "[DIR]",
    "a node with made-up enterprises, to connect a system to",
    "Makes DIR (sandbox) the first time: a CA, certificates of a bank, two "
    "enterprises, a department\nand an operator, a signed catalogue, feeds. "
    "Then it becomes rongxin-node --sandbox DIR until\nCtrl-C. The rules are "
    "those of any node; the keys are no other network's, the codes (XX…)\n"
    "nobody's.",
    "rongxin sandbox", 0, 1, options, sandbox_run};

int
command_sandbox(int argc, char **argv)
{
	return args_run(&command, argc, argv);
}
