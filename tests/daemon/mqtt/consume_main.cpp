// The reference consumer as a process of its own, to be killed by tests. usage: port db [milliseconds between confirms]
#include <cstdlib>

#include "cli/platform/consume.hpp"

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    menshen::platform::ConsumeOptions options;
    options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    options.site = "tianlin-12";
    options.db = argv[2];
    options.json = true;
    options.quiet = true;
    options.retry_max = std::chrono::milliseconds(300);
    if (argc > 3) options.confirm_every = std::chrono::milliseconds(std::atoi(argv[3]));
    return menshen::platform::platform_consume(options);
}
