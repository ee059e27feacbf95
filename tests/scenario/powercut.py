"""A power cut: what a process had not synced is gone.

powercut.c, preloaded into a daemon, tells what it does to the files of its
folder; here that is replayed.  The model, after POSIX and stricter than most
file systems: of a file stays what was written before its last fsync or
fdatasync; of a folder the names that it had at its last fsync, so that a
file, synced but not its name, is not there, a rename is undone and a removed
file is back.  Given `chance`, a random first part of what came behind also
stays, of each file and folder its own, the last write torn; but a file that was
moved is not gone from where it was by chance, when it is not where it went.
Of a folder in `named` (PostgreSQL's) a file's fsync keeps its first name too, as
ext4 and XFS have it and PostgreSQL, which syncs no folder for a new table,
needs it.
Not modelled: what processes without the library write, owners and modes."""
import os
import pathlib
import shutil
import struct
import subprocess

HEAD = struct.Struct("=IIIIQQQ")


class File:
    def __init__(self, data=b""):
        self.disk, self.late = bytearray(data), []

    def sync(self):
        self.disk, self.late = self.after(len(self.late)), []

    def after(self, count, torn=None):
        data = bytearray(self.disk) if torn is not None or count < len(self.late) else self.disk
        for number, (offset, piece) in enumerate(self.late[:count]):
            if piece is None:
                data[offset:] = bytes(max(0, offset - len(data)))
                continue
            if torn is not None and number == count - 1:
                piece = piece[:int(len(piece) * torn)]
            data.extend(bytes(max(0, offset - len(data))))
            data[offset:offset + len(piece)] = piece
        return data


class Folder:
    def __init__(self):
        self.now, self.disk, self.late = {}, {}, []

    def change(self, **names):
        """Sets and (None) takes away, at once."""
        self.late.append(names)
        self.now = changed(self.now, names)

    def sync(self):
        self.disk, self.late = dict(self.now), []

    def name(self, name, file):
        """That a file just made has this name is on disk."""
        made = next((late for late in self.late if late.get(name) is file), None)
        if made is not None:
            self.late.remove(made)
            self.disk = changed(self.disk, made)

    def after(self, count):
        names = self.disk
        for late in self.late[:count]:
            names = changed(names, late)
        return names


def changed(names, change):
    return {n: thing for n, thing in {**names, **change}.items() if thing is not None}


def compare(told, real, path):
    for name in told.now.keys() | real.now.keys():
        mine, other = told.now.get(name), real.now.get(name)
        if isinstance(mine, Folder) and isinstance(other, Folder):
            yield from compare(mine, other, f"{path}/{name}")
        elif type(mine) is not type(other) or mine.after(len(mine.late)) != other.disk:
            yield f"{path}/{name}"


class Disk:
    """The files of a folder as they are now, all of them on disk."""

    def __init__(self, folder, but=(), named=()):
        self.path, self.but, self.named = pathlib.Path(folder).resolve(), set(but), set(named)
        self.inodes, self.places = {}, {}  # a new file's folder and name
        self.moves = []  # from which folder, which change of it; to which, which
        self.root = self.load(self.path)

    def load(self, path):
        folder = Folder()
        for entry in os.scandir(path):
            if path == self.path and entry.name in self.but:
                continue
            if entry.is_dir(follow_symlinks=False):
                folder.disk[entry.name] = self.load(pathlib.Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                file = self.inodes.setdefault(entry.inode(), File())
                file.disk = bytearray(pathlib.Path(entry.path).read_bytes())
                folder.disk[entry.name] = file
        folder.now = dict(folder.disk)
        return folder

    def top(self, path):
        return path[len(str(self.path)):].strip("/").split("/")[0]

    def leaves_out(self, path):
        return self.top(path) in self.but

    def find(self, path):
        """The folder that holds it, and its name there."""
        *above, name = [""] + [p for p in path[len(str(self.path)):].split("/") if p]
        folder = self.root
        for part in above[1:]:
            folder = folder.now[part]
        return folder, name

    def replay(self, journal):
        """As far as it was told: the last line may be half."""
        data, at = pathlib.Path(journal).read_bytes(), 0
        while at + HEAD.size <= len(data):
            what, first, second, _, inode, offset, size = HEAD.unpack_from(data, at)
            what, at = chr(what), at + HEAD.size
            end = at + first + second + (size if what == "W" else 0)
            if end > len(data):
                return
            names = data[at:at + first].decode(), data[at + first:at + first + second].decode()
            self.apply(what, names, inode, offset, data[end - size:end])
            at = end

    def apply(self, what, names, inode, offset, piece):
        if what in "WTS":
            if inode in self.inodes:
                file = self.inodes[inode]
                file.sync() if what == "S" else file.late.append((offset, piece if what == "W" else None))
                if what == "S" and inode in self.places:
                    folder, name = self.places.pop(inode)
                    folder.name(name, file)
            return
        if self.leaves_out(names[0]):
            return
        folder, name = self.find(names[0])
        if what == "R" and self.leaves_out(names[1]):
            what = "U"
        if what == "D":
            (folder.now[name] if name else folder).sync()
        elif what == "C":
            self.inodes[inode] = File()
            folder.change(**{name: self.inodes[inode]})
            self.places.pop(inode, None)
            if self.top(names[0]) in self.named:
                self.places[inode] = folder, name
        elif what == "M":
            folder.change(**{name: Folder()})
        elif what == "U":
            folder.change(**{name: None})
        else:
            other, to = self.find(names[1])
            gone = {} if what == "L" else {name: None}
            if other is folder:
                folder.change(**{**gone, to: folder.now[name]})
            else:
                other.change(**{to: folder.now[name]})
                folder.change(**gone)
                self.moves.append((folder, folder.late[-1], other, other.late[-1]))

    def differences(self):
        """Names whose files are not as the journal says, with nothing lost."""
        real = Disk(self.path, self.but, self.named)
        return sorted(compare(self.root, real.root, ""))

    def choose(self, folder, chance):
        """How many of the late changes of each folder below stay."""
        self.kept[id(folder)] = chance.randint(0, len(folder.late)) if chance else 0
        for thing in {id(t): t for names in (folder.disk, *folder.late) for t in names.values()}.values():
            if isinstance(thing, Folder) and id(thing) not in self.kept:
                self.choose(thing, chance)

    def mend_moves(self):
        """What has left a folder is in the other one, or has not left."""
        for source, gone, target, came in self.moves:
            at = next((n for n, late in enumerate(target.late) if late is came), -1)
            left = next((n for n, late in enumerate(source.late) if late is gone), None)
            if left is not None and left < self.kept.get(id(source), 0) and at >= self.kept.get(id(target), 0):
                self.kept[id(source)] = left
                return True
        return False

    def restore(self, chance=None):
        """Make the folder what a power cut left; how many writes and names
        it took."""
        self.kept = {}
        self.choose(self.root, chance)
        while self.mend_moves():
            pass
        for entry in os.scandir(self.path):
            if entry.name not in self.but:
                shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
        return self.put(self.root, self.path, self.path.stat(), chance)

    def put(self, folder, path, owner, chance):
        kept = self.kept[id(folder)]
        lost = len(folder.late) - kept
        for name, thing in folder.after(kept).items():
            place = path / name
            if isinstance(thing, Folder):
                place.mkdir(mode=0o700)
                lost += self.put(thing, place, owner, chance)
            else:
                kept = chance.randint(0, len(thing.late)) if chance else 0
                lost += len(thing.late) - kept
                place.write_bytes(thing.after(kept, chance.random() if chance else None))
                place.chmod(0o600)
            os.chown(place, owner.st_uid, owner.st_gid)
        return lost


def build(out):
    """The library to preload, or None: no compiler here."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    source = pathlib.Path(__file__).with_suffix(".c")
    subprocess.run([compiler, "-std=gnu11", "-O2", "-D_GNU_SOURCE", "-U_FORTIFY_SOURCE", "-shared", "-fPIC", "-o", out, source, "-ldl"],
                   check=True, capture_output=True)
    return out


def enter(library, folder, journal):
    """Words before a daemon's command."""
    return f"env LD_PRELOAD={library} RX_POWERCUT_FOLDER={pathlib.Path(folder).resolve()} RX_POWERCUT_JOURNAL={journal}"
