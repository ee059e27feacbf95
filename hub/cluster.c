/*
 * cluster: the hub's private PostgreSQL, for when no other is named.
 */
#include "hub/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/pg.h"

#define PATH_SIZE 512
#define START_MS 120000 /* crash recovery may take its time */
#define STOP_MS 60000
#define ROLE "rongxin"
#define BUFFERS_MIN_MIB 128
#define BUFFERS_MAX_MIB 8192

struct cluster {
	char binaries[PATH_SIZE];
	char data[PATH_SIZE];
	char socket[PATH_SIZE]; /* folder of the socket */
	char log[PATH_SIZE];
	char conninfo[PATH_SIZE + 64];
	bool socket_is_temporary;
	pid_t server; /* 0: not running */
};

/* A path that is too long is a setting to change, not a bug. */
static bool
join(char out[PATH_SIZE], const char *folder, const char *name)
{
	return snprintf(out, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE;
}

static void
sleep_ms(unsigned ms)
{
	struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&pause, NULL);
}

/* Debian keeps the server's programs out of PATH, one folder a version. */
static enum err
find_binaries(struct cluster *cluster, const char *wanted, struct why *why)
{
	glob_t found = {0};
	char program[PATH_SIZE];

	if (*wanted != '\0') {
		snprintf(cluster->binaries, PATH_SIZE, "%s", wanted);
	} else if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0 &&
		   found.gl_pathc > 0) {
		snprintf(cluster->binaries, PATH_SIZE, "%s",
		    found.gl_pathv[found.gl_pathc - 1]);
	} else {
		snprintf(cluster->binaries, PATH_SIZE, "/usr/bin");
	}
	globfree(&found);
	if (join(program, cluster->binaries, "postgres") &&
	    access(program, X_OK) == 0)
		return ERR_OK;
	return why_set(why, ERR_MISSING,
	    "no PostgreSQL server found (%s); install it, or name a "
	    "`database` or `pg_binaries`",
	    program);
}

/* PostgreSQL's programs find themselves by leaving the current folder and
 * coming back; who became another user may not be able to. */
static void
leave_unreachable_folder(void)
{
	char here[PATH_SIZE];

	if ((getcwd(here, sizeof(here)) == NULL || access(here, X_OK) != 0) &&
	    chdir("/") != 0)
		_exit(126);
}

/* Start a program with its output in the cluster's log. */
static pid_t
spawn(struct cluster *cluster, char *argv[], bool server)
{
	char program[PATH_SIZE];
	pid_t parent = getpid();
	pid_t child;
	int log;

	if (!join(program, cluster->binaries, argv[0]))
		return -1;
	child = fork();
	if (child != 0)
		return child;
	log =
	    open(cluster->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	leave_unreachable_folder();
	/* A ^C of the terminal is for the hub, which then stops the server;
	 * a killed hub takes it along (SIGINT: fast shutdown). */
	if (server) {
		setsid();
		prctl(PR_SET_PDEATHSIG, SIGINT);
		if (getppid() != parent)
			_exit(1);
	}
	/* With a bare name it would look itself up in PATH. */
	argv[0] = program;
	execv(program, argv);
	_exit(127);
}

static bool
run(struct cluster *cluster, char *argv[])
{
	pid_t child = spawn(cluster, argv, false);
	int status = 0;

	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum err
make_data(struct cluster *cluster, struct why *why)
{
	char version[PATH_SIZE];
	char *argv[] = {"initdb", "-D", cluster->data, "-U", ROLE, "-E", "UTF8",
	    "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject",
	    "--no-instructions", "--data-checksums", NULL};

	if (!join(version, cluster->data, "PG_VERSION"))
		return why_set(why, ERR_LIMIT, "folder: path too long");
	if (file_exists(version))
		return ERR_OK;
	log_info("cluster.make", "folder=%s", cluster->data);
	if (!run(cluster, argv))
		return why_set(
		    why, ERR_DATABASE, "initdb failed, see %s", cluster->log);
	return ERR_OK;
}

/* A server of a killed hub may still be ending, or running. */
static enum err
end_leftover(struct cluster *cluster, struct why *why)
{
	char pidfile[PATH_SIZE];
	char *argv[] = {"pg_ctl", "stop", "-D", cluster->data, "-m", "fast",
	    "-w", "-t", "60", NULL};
	char *status[] = {"pg_ctl", "status", "-D", cluster->data, NULL};

	if (!join(pidfile, cluster->data, "postmaster.pid") ||
	    !file_exists(pidfile) || !run(cluster, status))
		return ERR_OK;
	log_info("cluster.leftover", "folder=%s", cluster->data);
	if (!run(cluster, argv) && run(cluster, status))
		return why_set(why, ERR_DATABASE,
		    "an earlier PostgreSQL does not end, see %s", cluster->log);
	return ERR_OK;
}

#define SOCKET_NAME "/.s.PGSQL.5432.lock"

/* A socket's whole path must fit into sockaddr_un. */
static enum err
choose_socket(struct cluster *cluster, const char *folder, struct why *why)
{
	struct sockaddr_un address;
	char *made;

	made = realpath(folder, NULL);
	if (made != NULL &&
	    strlen(made) + sizeof(SOCKET_NAME) <= sizeof(address.sun_path)) {
		snprintf(cluster->socket, PATH_SIZE, "%s", made);
		free(made);
		return ERR_OK;
	}
	free(made);
	snprintf(cluster->socket, PATH_SIZE, "/tmp/rxpg-XXXXXX");
	if (mkdtemp(cluster->socket) == NULL)
		return why_set(
		    why, ERR_IO, "no folder for a socket: %s", strerror(errno));
	cluster->socket_is_temporary = true;
	return ERR_OK;
}

/* A quarter of the machine, as PostgreSQL's manual has it, within bounds. */
static long long
buffer_mib(void)
{
	long long quarter = (long long)sysconf(_SC_PHYS_PAGES) *
			    sysconf(_SC_PAGESIZE) / 4 / (1 << 20);

	if (quarter < BUFFERS_MIN_MIB)
		return BUFFERS_MIN_MIB;
	return quarter < BUFFERS_MAX_MIB ? quarter : BUFFERS_MAX_MIB;
}

static void
start_server(struct cluster *cluster)
{
	char sockets[PATH_SIZE + 32], buffers[64];
	char *argv[] = {"postgres", "-D", cluster->data, "-c", sockets, "-c",
	    "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c",
	    buffers, "-c", "max_wal_size=4GB", "-c", "checkpoint_timeout=15min",
	    "-c", "wal_compression=lz4", "-c", "max_connections=64", "-c",
	    "log_error_verbosity=terse", "-c", "log_min_error_statement=panic",
	    "-c", "timezone=UTC", "-c", "max_locks_per_transaction=256",
	    /* memory that is written and then run is not allowed by our unit */
	    "-c", "jit=off", NULL};

	snprintf(sockets, sizeof(sockets), "unix_socket_directories=%s",
	    cluster->socket);
	snprintf(
	    buffers, sizeof(buffers), "shared_buffers=%lldMB", buffer_mib());
	cluster->server = spawn(cluster, argv, true);
}

static enum err
wait_for_server(struct cluster *cluster, struct why *why)
{
	char any[PATH_SIZE + 64];
	unsigned waited;

	snprintf(any, sizeof(any), "host=%s user=" ROLE " dbname=postgres",
	    cluster->socket);
	for (waited = 0; waited < START_MS; waited += 20) {
		if (!cluster_is_running(cluster))
			break;
		if (pg_ping(any))
			return ERR_OK;
		sleep_ms(20);
	}
	return why_set(why, ERR_DATABASE, "PostgreSQL does not start, see %s",
	    cluster->log);
}

static enum err
make_database(struct cluster *cluster, struct why *why)
{
	char any[PATH_SIZE + 64];
	struct pg *pg;
	enum err err = ERR_OK;

	snprintf(any, sizeof(any), "host=%s user=" ROLE " dbname=postgres",
	    cluster->socket);
	pg = pg_open(any, NULL, why);
	if (pg == NULL)
		return ERR_DATABASE;
	pg_query(pg, "SELECT FROM pg_database WHERE datname = '" ROLE "'");
	if (pg_rows(pg) == 0)
		pg_run(pg, "CREATE DATABASE " ROLE);
	if (pg_has_failed(pg))
		err = why_set(
		    why, ERR_DATABASE, "create database: %s", pg_why(pg));
	pg_close(pg);
	return err;
}

static enum err
open_steps(struct cluster *cluster, const char *folder, struct why *why)
{
	char note[PATH_SIZE];
	enum err err;

	if (!join(cluster->data, folder, "pg") ||
	    !join(cluster->log, folder, "pg.log") ||
	    !join(note, folder, "pg.conninfo"))
		return why_set(why, ERR_LIMIT, "folder: path too long");
	err = make_data(cluster, why);
	if (err == ERR_OK)
		err = end_leftover(cluster, why);
	if (err == ERR_OK)
		err = choose_socket(cluster, folder, why);
	if (err != ERR_OK)
		return err;
	start_server(cluster);
	err = wait_for_server(cluster, why);
	if (err == ERR_OK)
		err = make_database(cluster, why);
	if (err != ERR_OK)
		return err;
	snprintf(cluster->conninfo, sizeof(cluster->conninfo),
	    "host=%s user=" ROLE " dbname=" ROLE, cluster->socket);
	return file_replace(note, span_of(cluster->conninfo), 0600, why);
}

struct cluster *
cluster_open(const char *folder, const char *binaries, struct why *why)
{
	struct cluster *cluster = mem_new(sizeof(*cluster));

	if (find_binaries(cluster, binaries, why) == ERR_OK &&
	    open_steps(cluster, folder, why) == ERR_OK)
		return cluster;
	cluster_close(cluster);
	return NULL;
}

bool
cluster_is_running(struct cluster *cluster)
{
	if (cluster->server > 0 &&
	    waitpid(cluster->server, NULL, WNOHANG) == cluster->server)
		cluster->server = 0;
	return cluster->server > 0;
}

static void
stop_server(struct cluster *cluster)
{
	unsigned waited;

	if (!cluster_is_running(cluster))
		return;
	kill(cluster->server, SIGINT);
	for (waited = 0; waited < STOP_MS; waited += 20) {
		if (!cluster_is_running(cluster))
			return;
		sleep_ms(20);
	}
	log_warn("cluster.slow", "ms=%d", STOP_MS);
	kill(cluster->server, SIGQUIT);
	while (cluster_is_running(cluster))
		sleep_ms(20);
}

void
cluster_close(struct cluster *cluster)
{
	if (cluster == NULL)
		return;
	stop_server(cluster);
	if (cluster->socket_is_temporary)
		rmdir(cluster->socket);
	mem_free(cluster);
}

const char *
cluster_conninfo(const struct cluster *cluster)
{
	return cluster->conninfo;
}
