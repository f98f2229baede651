#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "daemon/store/keys.hpp"
#include "tests/daemon/store/store_fixture.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::store;
using namespace menshen::store::testing;
using Catch::Matchers::Contains;

namespace {

std::filesystem::path write_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode = 0600) {
    std::ofstream(path, std::ios::binary) << bytes;
    ::chmod(path.c_str(), mode);
    return path;
}

}  // namespace

TEST_CASE("a new master key is read back, and never replaced", "[store]") {
    const TempFolder folder;
    const auto path = folder.path() / "menshen.key";
    const auto made = create_master_key(path);
    REQUIRE(made);
    CHECK(load_master_key(path).value() == *made);
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms(0777)) == std::filesystem::perms(0600));

    const auto again = create_master_key(path);
    REQUIRE_FALSE(again);
    CHECK_THAT(again.error().message, Contains("exists"));
    CHECK(load_master_key(path).value() == *made);
    CHECK(create_master_key(folder.path() / "other.key").value() != *made);
}

TEST_CASE("a master key is 32 bytes or 64 hex digits", "[store]") {
    const TempFolder folder;
    const std::string raw(32, '\x07');
    std::string hex;
    for (int i = 0; i < 32; ++i) hex += "07";
    CHECK(load_master_key(write_file(folder.path() / "raw", raw)).value() == key_of(7));
    CHECK(load_master_key(write_file(folder.path() / "hex", hex)).value() == key_of(7));
    CHECK(load_master_key(write_file(folder.path() / "line", hex + "\n")).value() == key_of(7));

    const auto bad =
        GENERATE_COPY(std::string(), raw.substr(1), raw + "x", hex.substr(1), hex + "0", "x" + hex.substr(1), hex + hex);
    const auto key = load_master_key(write_file(folder.path() / "bad", bad));
    REQUIRE_FALSE(key);
    CHECK_THAT(key.error().message, Contains("32 bytes or 64 hex digits"));
}

TEST_CASE("a master key that others may read is refused, with the remedy", "[store]") {
    const TempFolder folder;
    const auto mode = GENERATE(0640, 0604, 0660, 0644, 0601);
    const auto path = write_file(folder.path() / "menshen.key", std::string(32, 'k'), static_cast<mode_t>(mode));
    const auto key = load_master_key(path);
    REQUIRE_FALSE(key);
    CHECK_THAT(key.error().message, Contains("chmod 0600 " + path.native()));
    ::chmod(path.c_str(), 0400);
    CHECK(load_master_key(path));
}

TEST_CASE("a master key that is missing or no file is refused", "[store]") {
    const TempFolder folder;
    CHECK_THAT(load_master_key(folder.path() / "none").error().message, Contains("No such file"));
    CHECK_THAT(load_master_key(folder.path()).error().message, Contains("plain file"));
    const auto path = write_file(folder.path() / "menshen.key", std::string(32, 'k'));
    if (::chown(path.c_str(), 12345, 12345) == 0) {  // only root can
        CHECK_THAT(load_master_key(path).error().message, Contains("belongs to uid 12345"));
    }
}

TEST_CASE("systemd's credentials folder holds the key", "[store]") {
    ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/menshend.service", 1);
    CHECK(credentials_key_path() == "/run/credentials/menshend.service/menshen.key");
    ::unsetenv("CREDENTIALS_DIRECTORY");
    CHECK(credentials_key_path().empty());
}

TEST_CASE("a key that systemd gives may be readable for its group, and by nobody else", "[store]") {
    const TempFolder folder;
    std::filesystem::create_directory(folder.path() / "credentials");
    const auto given = write_file(folder.path() / "credentials" / "menshen.key", std::string(32, 'k'), 0440);
    const auto outside = write_file(folder.path() / "menshen.key", std::string(32, 'k'), 0440);
    CHECK_FALSE(load_master_key(given));
    ::setenv("CREDENTIALS_DIRECTORY", (folder.path() / "credentials").c_str(), 1);
    CHECK(load_master_key(given));
    CHECK_FALSE(load_master_key(outside));
    CHECK_FALSE(load_master_key(folder.path() / "credentials" / ".." / "menshen.key"));
    for (const mode_t mode : {0460, 0450, 0444, 0442, 0441}) {
        CAPTURE(mode);
        ::chmod(given.c_str(), mode);
        CHECK_FALSE(load_master_key(given));
    }
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("what is sealed opens only whole, in its place, and with its key", "[store]") {
    const KeyRing keys(key_of(7));
    const std::string plain = GENERATE(as<std::string>(), "", "王秀英", std::string(5000, 'x'));
    const std::string sealed = keys.seal(plain, "persons:p-17");
    CHECK(keys.unseal(sealed, "persons:p-17").value() == plain);
    CHECK(sealed != keys.seal(plain, "persons:p-17"));
    CHECK_FALSE(keys.unseal(sealed, "persons:p-18"));
    CHECK_FALSE(KeyRing(key_of(8)).unseal(sealed, "persons:p-17"));
    CHECK_FALSE(keys.unseal(sealed.substr(0, sealed.size() - 1), "persons:p-17"));
    for (std::size_t i = 0; i < std::min<std::size_t>(sealed.size(), 64); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CAPTURE(i);
        CHECK_FALSE(keys.unseal(changed, "persons:p-17"));
    }
}

TEST_CASE("each purpose has a key of its own", "[store]") {
    const KeyRing keys(key_of(7));
    CHECK(keys.alert_ids() != keys.pins());
    CHECK(keys.alert_ids() != KeyRing(key_of(8)).alert_ids());
    const CardNumber number{26, "2F623AE"};
    CHECK(keys.card_index(number) == keys.card_index("26:2F623AE"));
    CHECK(keys.card_index(number).size() == 64);
    CHECK(keys.card_index(number) != keys.card_index("34:2F623AE"));
    CHECK(keys.card_index(number) != KeyRing(key_of(8)).card_index(number));
}
