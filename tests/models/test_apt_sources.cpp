#include "models/apt_sources.hpp"

#include "tests/support/catch.hpp"

using namespace menshen::models;

TEST_CASE("one-line sources become source lines with their options", "[unit]") {
    CHECK(as_source_lines("# deb http://mirror.example/debian old main\n"
                          "deb [signed-by=/usr/share/keyrings/k.gpg] http://mirror.example/debian bookworm main contrib # ours\n"
                          "\n"
                          "deb-src http://mirror.example/debian bookworm main\n"
                          "deb cdrom:[Debian 12]/ bookworm main\n") ==
          "deb-src [signed-by=/usr/share/keyrings/k.gpg] http://mirror.example/debian bookworm main contrib # ours\n"
          "deb-src http://mirror.example/debian bookworm main\n");
}

TEST_CASE("stanzas become source stanzas; keys stay, comments and what is switched off go", "[unit]") {
    CHECK(as_source_stanzas("Types: deb deb-src\n"
                            "# a comment\n"
                            "URIs: http://mirror.example/debian\n"
                            "Suites: bookworm bookworm-updates\n"
                            "Components: main\n"
                            "Signed-By:\n"
                            " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
                            " .\n"
                            "\n"
                            "Enabled: no\n"
                            "Types: deb\n"
                            "URIs: http://other.example/\n"
                            "\n"
                            "types:\n"
                            " deb\n"
                            "URIs: http://third.example/\n"
                            "Enabled: yes\n") ==
          "Types: deb-src\n"
          "URIs: http://mirror.example/debian\n"
          "Suites: bookworm bookworm-updates\n"
          "Components: main\n"
          "Signed-By:\n"
          " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
          " .\n"
          "\n"
          "Types: deb-src\n"
          "URIs: http://third.example/\n"
          "\n");
}

TEST_CASE("nothing in, nothing out", "[unit]") {
    CHECK(as_source_lines("").empty());
    CHECK(as_source_stanzas("\n# only a comment\n\n").empty());
}
