#include "models/bench/frames.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "models/cache.hpp"

namespace menshen::models::bench {

Result<Image> frame_from(const std::string& path) {
    constexpr int kWidth = 640, kHeight = 480;
    const auto file = read_file(path, kMaxEncodedBytes);
    if (!file) return tl::unexpected(file.error());
    auto photo = decode({reinterpret_cast<const std::uint8_t*>(file->data()), file->size()});
    if (!photo) return fail("{}: {}", path, photo.error().message);
    const double scale = std::min(static_cast<double>(kWidth) / photo->width, static_cast<double>(kHeight) / photo->height);
    Image out{kWidth, kHeight, std::vector<std::uint8_t>(std::size_t{kWidth} * kHeight * 3, 128)};
    const cv::Mat from(photo->height, photo->width, CV_8UC3, photo->rgb.data());
    cv::Mat to(kHeight, kWidth, CV_8UC3, out.rgb.data());
    const cv::Size size(std::min(kWidth, static_cast<int>(photo->width * scale)),
                        std::min(kHeight, static_cast<int>(photo->height * scale)));
    cv::Mat middle = to(cv::Rect((kWidth - size.width) / 2, (kHeight - size.height) / 2, size.width, size.height));
    cv::resize(from, middle, size, 0, 0, cv::INTER_LINEAR);
    return out;
}

}  // namespace menshen::models::bench
