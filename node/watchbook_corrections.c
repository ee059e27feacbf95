/*
 * watchbook_corrections: which corrections this node has told of.
 */
#include "node/store_key.h"
#include "node/watchbook_inner.h"

#define VALUE_LEN (1 + 8)

static void
correction_key(struct span id, struct buf *key)
{
	buf_char(key, 'x');
	buf_add(key, id.ptr, id.len);
}

enum err
watchbook_correction(struct kv_view *view, struct span id,
    enum correction_phase *phase, uint32_t *members)
{
	struct buf key = {0}, value = {0};
	enum err err;

	*phase = CORRECTION_NEW;
	*members = 0;
	correction_key(id, &key);
	err = kv_get(view, BOOK_STATE, buf_span(&key), &value, NULL);
	if (err == ERR_OK && value.len == VALUE_LEN) {
		*phase = (enum correction_phase)value.data[0];
		*members = (uint32_t)store_parse_u64(value.data + 1);
	}
	buf_release(&key);
	buf_release(&value);
	return err == ERR_MISSING ? ERR_OK : err;
}

void
watchbook_put_correction(struct kv_write *write, struct span id,
    enum correction_phase phase, uint32_t members)
{
	struct buf key = {0}, value = {0};

	correction_key(id, &key);
	buf_char(&value, (char)phase);
	buf_u64(&value, members);
	kv_write_put(write, BOOK_STATE, buf_span(&key), buf_span(&value));
	buf_release(&key);
	buf_release(&value);
}
