#include "base/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static enum err
become(const struct passwd *user, struct why *why)
{
	if (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
	    setuid(user->pw_uid) != 0)
		return why_set(why, ERR_DENIED, "cannot become user %s: %s",
		    user->pw_name, strerror(errno));
	if (setuid(0) == 0)
		return why_set(why, ERR_DENIED, "root could be regained");
	return ERR_OK;
}

enum err
privilege_drop(const char *user, const char *folder, struct why *why)
{
	const struct passwd *entry;
	enum err err;

	if (geteuid() != 0)
		return ERR_OK;
	entry = getpwnam(user);
	if (entry == NULL || entry->pw_uid == 0)
		return why_set(why, ERR_DENIED,
		    "setting user: %s is no unprivileged user here", user);
	err = file_make_folder(folder, 0700, why);
	if (err != ERR_OK)
		return err;
	if (chown(folder, entry->pw_uid, entry->pw_gid) != 0)
		return why_set(why, ERR_IO, "cannot give %s to %s: %s", folder,
		    user, strerror(errno));
	return become(entry, why);
}
