/*
 * witnessed: the newest checkpoint of this trail that the hub cosigned.
 */
#include "node/witnessed.h"

#include "base/file.h"

#define PATH_SIZE 4096

void
witnessed_release(struct witnessed *witnessed)
{
	buf_release(&witnessed->note);
	witnessed->checkpoint = (struct checkpoint){0};
}

static enum err
check(struct signer *signer, struct span note, struct checkpoint *checkpoint,
    struct why *why)
{
	uint8_t raw[32];
	enum err err = signer_public(signer, raw);

	return err == ERR_OK ? note_check(note, raw, checkpoint, why) : err;
}

enum err
witnessed_read(struct witnessed *witnessed, const char *folder,
    struct signer *signer, struct why *why)
{
	char path[PATH_SIZE];
	enum err err;

	witnessed_release(witnessed);
	file_path(path, sizeof(path), folder, "witnessed");
	err = file_read(path, NOTE_MAX, &witnessed->note, why);
	if (err == ERR_OK)
		err = check(signer, buf_span(&witnessed->note),
		    &witnessed->checkpoint, why);
	if (err != ERR_OK)
		witnessed_release(witnessed);
	return err == ERR_MISSING ? ERR_OK : err;
}

enum err
witnessed_take(struct witnessed *witnessed, const char *folder,
    struct signer *signer, struct span note, struct why *why)
{
	struct checkpoint checkpoint;
	char path[PATH_SIZE];
	enum err err = check(signer, note, &checkpoint, why);

	if (err != ERR_OK)
		return err;
	if (witnessed->note.len > 0 &&
	    checkpoint.size < witnessed->checkpoint.size)
		return ERR_OK;
	file_path(path, sizeof(path), folder, "witnessed");
	err = file_replace(path, note, 0644, why);
	if (err != ERR_OK)
		return err;
	buf_reset(&witnessed->note);
	buf_add(&witnessed->note, note.ptr, note.len);
	witnessed->checkpoint = checkpoint;
	return ERR_OK;
}
