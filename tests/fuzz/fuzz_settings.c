/*
 * Any bytes as a settings file.
 */
#include "base/settings.h"

struct target {
	char *name;
	int64_t port;
	bool strict;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct setting rows[] = {
	    {"name", SETTING_TEXT, offsetof(struct target, name), NULL, 0, 0,
		"a name"},
	    {"port", SETTING_INT, offsetof(struct target, port), "1", 1, 65535,
		"a port"},
	    {"strict", SETTING_BOOL, offsetof(struct target, strict), "no", 0,
		0, "yes or no"},
	    {NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL},
	};
	struct target target = {0};
	struct why why;
	enum err err;

	err = settings_read_text(
	    rows, &target, "fuzz", span_make(data, size), &why);
	(void)err;
	settings_release(rows, &target);
	return 0;
}
