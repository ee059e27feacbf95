"""A node's store under the hands of somebody who knows RocksDB: rows are
changed so that no checksum of it notices."""
import ctypes
import ctypes.util


class Store:
    """The store of a node that is stopped."""

    def __init__(self, folder):
        self.rocks = ctypes.CDLL(ctypes.util.find_library("rocksdb"))
        for name in ("options_create", "open_column_families", "list_column_families", "create_iterator_cf", "iter_key", "iter_value",
                     "readoptions_create", "writeoptions_create"):
            getattr(self.rocks, f"rocksdb_{name}").restype = ctypes.c_void_p
        self.rocks.rocksdb_iter_valid.restype = ctypes.c_ubyte
        options, error, count = self.call("options_create"), ctypes.c_char_p(), ctypes.c_size_t()
        found = self.call("list_column_families", options, str(folder).encode(), ctypes.byref(count), ctypes.byref(error))
        assert error.value is None, error.value
        names = (ctypes.c_char_p * count.value).from_address(found)
        handles = (ctypes.c_void_p * count.value)()
        self.db = self.call("open_column_families", options, str(folder).encode(), ctypes.c_int(count.value), names,
                            (ctypes.c_void_p * count.value)(*[options] * count.value), handles, ctypes.byref(error))
        assert error.value is None, error.value
        # Without the number of their layout.
        self.families = {name.decode().split(".")[0]: ctypes.c_void_p(handle) for name, handle in zip(names, handles)}

    def call(self, name, *words):
        value = getattr(self.rocks, f"rocksdb_{name}")(*words)
        return ctypes.c_void_p(value) if name.startswith(("options", "open", "create", "readoptions", "writeoptions")) else value

    def rows(self, family, prefix):
        """(key, value) of every row that begins so."""
        rows, length = [], ctypes.c_size_t()
        walk = self.call("create_iterator_cf", self.db, self.call("readoptions_create"), self.families[family])
        self.call("iter_seek", walk, prefix, ctypes.c_size_t(len(prefix)))
        while self.call("iter_valid", walk):
            key = ctypes.string_at(self.call("iter_key", walk, ctypes.byref(length)), length.value)
            if not key.startswith(prefix):
                break
            rows.append((key, ctypes.string_at(self.call("iter_value", walk, ctypes.byref(length)), length.value)))
            self.call("iter_next", walk)
        self.call("iter_destroy", walk)
        return rows

    def put(self, family, key, value):
        error = ctypes.c_char_p()
        self.call("put_cf", self.db, self.call("writeoptions_create"), self.families[family], key, ctypes.c_size_t(len(key)), value,
                  ctypes.c_size_t(len(value)), ctypes.byref(error))
        assert error.value is None, error.value

    def close(self):
        for family in self.families.values():
            self.call("column_family_handle_destroy", family)
        self.call("close", self.db)
