#include "core/digest.hpp"
#include "models/cache.hpp"
#include "models/convert.hpp"

namespace menshen::models {

Result<bool> convert_in_cache(const std::string& dir, const ModelFile& model) {
    if (model.converted.file.empty()) return false;
    const auto path = dir + "/" + model.converted.file;
    if (verify_file(path, {model.converted.sha256, model.converted.bytes}, "")) return false;
    const auto dat = load_verified(dir, model);
    if (!dat) return tl::unexpected(dat.error());
    const auto onnx = resnet_to_onnx(*dat);
    if (!onnx) return fail("{}: {}", model.file, onnx.error().message);
    const auto hash = to_hex(sha256(*onnx));
    // The conversion is exact to the bit, so another result means that something computes wrongly: better no face than a wrong
    // one.
    if (hash != model.converted.sha256)
        return fail("converting {} gave sha256 {}, expected {}: this build computes otherwise; please report it", model.file,
                    hash, model.converted.sha256);
    if (auto ok = write_file(path, *onnx); !ok) return tl::unexpected(ok.error());
    return true;
}

}  // namespace menshen::models
