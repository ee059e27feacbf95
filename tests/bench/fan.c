/*
 * fan: one bus as the hub has it sends sealed batches to many subscribers of
 * another process, each over a CURVE connection of its own; for the benches.
 *
 *   fan FILE SUBSCRIBERS BATCHES IO_THREADS
 *
 * FILE has batches as they travel, each behind its length (4 bytes, big
 * endian).  No more than WINDOW are on their way to the slowest subscriber, so
 * that none is dropped.  Prints the batches a second that each one got.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include "base/mem.h"
#include "wire/bus.h"
#include "wire/pack.h"

#define SUBSCRIBERS_MAX 1000
#define BATCHES_MAX 4096
#define WINDOW 200
#define TOPIC "4401"
#define PATIENCE_S 60

/* Both processes see it. */
struct board {
	_Atomic long got[SUBSCRIBERS_MAX];
};

struct keys {
	char public_key[BUS_KEY_LEN + 1], secret_key[BUS_KEY_LEN + 1];
};

static void
die(const char *what)
{
	fprintf(stderr, "fan: %s\n", what);
	exit(1);
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
pause_ms(long ms)
{
	struct timespec pause = {.tv_nsec = ms * 1000000};

	nanosleep(&pause, NULL);
}

/* Packed as live messages. */
static size_t
read_batches(const char *path, struct buf *batches)
{
	FILE *file = fopen(path, "rb");
	struct buf sealed = {0};
	uint8_t head[4];
	size_t count, len;

	if (file == NULL)
		die("cannot open the file of batches");
	for (count = 0; count < BATCHES_MAX && fread(head, 4, 1, file) == 1;
	     count++) {
		len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
		      (size_t)head[2] << 8 | head[3];
		buf_reset(&sealed);
		if (fread(buf_room(&sealed, len), len, 1, file) != 1)
			die("half a batch");
		sealed.len = len;
		pack_live(LIVE_SEALED, buf_span(&sealed), &batches[count]);
	}
	buf_release(&sealed);
	fclose(file);
	return count;
}

static void *
subscribe(void *zmq, const char *endpoint, const struct keys *hub,
    const struct keys *own)
{
	void *socket = zmq_socket(zmq, ZMQ_SUB);
	int many = 2 * WINDOW;

	zmq_setsockopt(socket, ZMQ_RCVHWM, &many, sizeof(many));
	zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, hub->public_key, 41);
	zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, 41);
	zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, 41);
	zmq_setsockopt(socket, ZMQ_SUBSCRIBE, TOPIC, strlen(TOPIC));
	if (zmq_connect(socket, endpoint) != 0)
		die("cannot connect");
	return socket;
}

/* Until it is killed. */
static void
receive(struct board *board, const char *endpoint, const struct keys *hub,
    int count)
{
	zmq_pollitem_t items[SUBSCRIBERS_MAX];
	void *zmq = zmq_ctx_new();
	struct keys own;
	zmq_msg_t part;
	int i;

	if (bus_make_keys(own.public_key, own.secret_key) != ERR_OK)
		die("no keys");
	zmq_msg_init(&part);
	for (i = 0; i < count; i++)
		items[i] = (zmq_pollitem_t){
		    .socket = subscribe(zmq, endpoint, hub, &own),
		    .events = ZMQ_POLLIN};
	while (zmq_poll(items, count, -1) >= 0) {
		for (i = 0; i < count; i++) {
			while (zmq_msg_recv(
				   &part, items[i].socket, ZMQ_DONTWAIT) >= 0)
				if (!zmq_msg_more(&part))
					atomic_fetch_add(&board->got[i], 1);
		}
	}
}

static long
slowest(struct board *board, int count)
{
	long least = board->got[0];
	int i;

	for (i = 1; i < count; i++)
		if (board->got[i] < least)
			least = board->got[i];
	return least;
}

static bool
admit(void *context, const char *public_key, char code[MEMBER_CODE_MAX + 1])
{
	(void)context;
	(void)public_key;
	strcpy(code, "bench");
	return true;
}

static void
on_request(void *context, const struct bus_route *from, struct span message)
{
	(void)context;
	(void)from;
	(void)message;
}

/* Subscribers come in at different times: what they got before all are there
 * does not count. */
static void
wait_for_all(struct bus *bus, struct board *board, int count)
{
	double until = now_s() + PATIENCE_S;
	int i;

	while (slowest(board, count) == 0) {
		if (now_s() > until)
			die("not all subscribers came");
		bus_publish(bus, TOPIC, span_of("hello"));
		pause_ms(20);
	}
	pause_ms(500);
	for (i = 0; i < count; i++)
		board->got[i] = 0;
}

static double
send_all(struct bus *bus, struct board *board, int count, long batches,
    const struct buf *bytes, size_t kinds)
{
	double began = now_s(), until = began + PATIENCE_S;
	long sent;

	for (sent = 0; sent < batches; sent++) {
		while (sent - slowest(board, count) >= WINDOW) {
			if (now_s() > until)
				die("a subscriber lost something");
			pause_ms(1);
		}
		bus_publish(bus, TOPIC, buf_span(&bytes[(size_t)sent % kinds]));
	}
	while (slowest(board, count) < batches) {
		if (now_s() > until)
			die("a subscriber lost something");
		pause_ms(1);
	}
	return now_s() - began;
}

int
main(int argc, char **argv)
{
	static struct buf batches[BATCHES_MAX];
	struct bus_settings settings = {.live = "tcp://127.0.0.1:*",
	    .fetch = "tcp://127.0.0.1:*",
	    .admit = admit,
	    .request = on_request};
	struct why why = {""};
	struct board *board;
	struct keys hub;
	struct bus *bus;
	int count, channel[2];
	char endpoint[128] = "";
	size_t kinds;
	pid_t child;

	if (argc != 5 || (count = atoi(argv[2])) < 1 || count > SUBSCRIBERS_MAX)
		die("usage: fan FILE SUBSCRIBERS BATCHES IO_THREADS");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED || pipe(channel) != 0 ||
	    bus_make_keys(hub.public_key, hub.secret_key) != ERR_OK)
		die("cannot begin");
	child = fork();
	if (child == 0) {
		if (read(channel[0], endpoint, sizeof(endpoint)) <= 0)
			die("no endpoint");
		receive(board, endpoint, &hub, count);
		return 1;
	}
	kinds = read_batches(argv[1], batches);
	settings.io_threads = (unsigned)atoi(argv[4]);
	settings.public_key = hub.public_key;
	settings.secret_key = hub.secret_key;
	bus = bus_open(&settings, &why);
	if (kinds == 0 || bus == NULL)
		die(bus == NULL ? why.text : "no batches");
	snprintf(endpoint, sizeof(endpoint), "%s", bus_live_endpoint(bus));
	if (write(channel[1], endpoint, sizeof(endpoint)) <= 0)
		die("cannot tell the endpoint");
	wait_for_all(bus, board, count);
	printf("%.1f\n",
	    (double)atol(argv[3]) /
		send_all(bus, board, count, atol(argv[3]), batches, kinds));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	bus_close(bus);
	return 0;
}
