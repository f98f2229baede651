#include "tests/daemon/store/failing_disk.hpp"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <tuple>

namespace menshen::store::testing {

namespace {

FailingDisk disk;

/// Our file; the default VFS's follows it in the same memory.
struct File {
    sqlite3_file base;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }
sqlite3_vfs* real_vfs(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int on_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    ++disk.writes;
    if (const int result = disk.write_result; result != SQLITE_OK) return result;
    if (disk.writes_to_live >= 0 && disk.writes_to_live-- == 0) {
        // Half of it reaches the disk, as when the power goes.
        real(file)->pMethods->xWrite(real(file), data, size / 2, offset);
        ::kill(::getpid(), SIGKILL);
    }
    return real(file)->pMethods->xWrite(real(file), data, size, offset);
}

int on_sync(sqlite3_file* file, int flags) {
    ++disk.syncs;
    std::this_thread::sleep_for(std::chrono::milliseconds(disk.sync_delay_ms));
    if (const int result = disk.sync_result; result != SQLITE_OK) return result;
    return real(file)->pMethods->xSync(real(file), flags);
}

int on_close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int on_read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), out, size, offset);
}
int on_truncate(sqlite3_file* file, sqlite3_int64 size) { return real(file)->pMethods->xTruncate(real(file), size); }
int on_file_size(sqlite3_file* file, sqlite3_int64* size) { return real(file)->pMethods->xFileSize(real(file), size); }
int on_lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
int on_unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
int on_check_lock(sqlite3_file* file, int* out) { return real(file)->pMethods->xCheckReservedLock(real(file), out); }
int on_control(sqlite3_file* file, int op, void* arg) { return real(file)->pMethods->xFileControl(real(file), op, arg); }
int on_sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int on_traits(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
int on_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}
int on_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void on_shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int on_shm_unmap(sqlite3_file* file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); }

// Version 2: with shared memory for the write-ahead log, without mapped reads.
const sqlite3_io_methods kMethods{2,           on_close,       on_read,       on_write,   on_truncate, on_sync,   on_file_size,
                                  on_lock,     on_unlock,      on_check_lock, on_control, on_sector,   on_traits, on_shm_map,
                                  on_shm_lock, on_shm_barrier, on_shm_unmap,  nullptr,    nullptr};

int on_open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    sqlite3_file* under = reinterpret_cast<File*>(file)->real();
    under->pMethods = nullptr;
    const int result = real_vfs(vfs)->xOpen(real_vfs(vfs), name, under, flags, out_flags);
    if (under->pMethods != nullptr) file->pMethods = &kMethods;
    return result;
}

sqlite3_vfs make_vfs() {
    sqlite3_vfs* under = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs = *under;  // its other functions do not look at the VFS they are called with
    vfs.szOsFile = static_cast<int>(sizeof(File)) + under->szOsFile;
    vfs.pNext = nullptr;
    vfs.zName = "menshen-failing";
    vfs.pAppData = under;
    vfs.xOpen = on_open;
    return vfs;
}

}  // namespace

FailingDisk& failing_disk() {
    static sqlite3_vfs vfs = make_vfs();
    static const int registered = sqlite3_vfs_register(&vfs, 0);
    static_cast<void>(registered);
    return disk;
}

void wait_for_sync(long before) {
    while (disk.syncs <= before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::string failing_disk_name() {
    std::ignore = failing_disk();
    return "menshen-failing";
}

}  // namespace menshen::store::testing
