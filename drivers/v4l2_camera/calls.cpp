#include "drivers/v4l2_camera/calls.hpp"

#include <linux/videodev2.h>

#include <cerrno>
#include <system_error>

namespace menshen::drivers::v4l2_camera {

namespace {

const char* name_of(unsigned long request) {
    switch (request) {
        case 0:
            return "open";
        case VIDIOC_QUERYCAP:
            return "VIDIOC_QUERYCAP";
        case VIDIOC_ENUM_FMT:
            return "VIDIOC_ENUM_FMT";
        case VIDIOC_ENUM_FRAMESIZES:
            return "VIDIOC_ENUM_FRAMESIZES";
        case VIDIOC_ENUM_FRAMEINTERVALS:
            return "VIDIOC_ENUM_FRAMEINTERVALS";
        case VIDIOC_S_FMT:
            return "VIDIOC_S_FMT";
        case VIDIOC_S_PARM:
            return "VIDIOC_S_PARM";
        case VIDIOC_SUBSCRIBE_EVENT:
            return "VIDIOC_SUBSCRIBE_EVENT";
        case VIDIOC_DQEVENT:
            return "VIDIOC_DQEVENT";
        case VIDIOC_REQBUFS:
            return "VIDIOC_REQBUFS";
        case VIDIOC_QUERYBUF:
            return "VIDIOC_QUERYBUF";
        case VIDIOC_QBUF:
            return "VIDIOC_QBUF";
        case VIDIOC_DQBUF:
            return "VIDIOC_DQBUF";
        case VIDIOC_STREAMON:
            return "VIDIOC_STREAMON";
        case VIDIOC_STREAMOFF:
            return "VIDIOC_STREAMOFF";
        default:
            return "an ioctl";
    }
}

/// Clears the name also when the call throws.
class Word {
public:
    Word(UnderWay& under_way, const char* name) : under_way_(under_way) { under_way_ = name; }
    ~Word() { under_way_ = nullptr; }
    Word(const Word&) = delete;
    Word& operator=(const Word&) = delete;

private:
    UnderWay& under_way_;
};

}  // namespace

Result<void> Calls::open() {
    int error = 0;
    {
        const Word word(under_way_, "open");
        error = port_.open(path_);
    }
    if (error != 0) return tl::unexpected(trouble(0, error));
    return {};
}

int Calls::control(unsigned long request, void* argument) {
    const Word word(under_way_, name_of(request));
    return port_.control(request, argument);
}

Result<void> Calls::must(unsigned long request, void* argument) {
    if (const int error = control(request, argument); error != 0) return tl::unexpected(trouble(request, error));
    return {};
}

std::string Calls::not_there() const {
    const auto names = port_.plugged_in();
    if (names.empty()) return "there is no such device; is the camera plugged in?";
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    return "there is no such device; plugged in: " + list;
}

Error Calls::trouble(unsigned long request, int error) const {
    const auto says = [&](const std::string& words) { return Error{fmt::format("{}: {}", path_, words)}; };
    switch (error) {
        case ENOENT:
            if (request == 0) return says(not_there());
            break;
        case ENODEV:
        case ENXIO:
            return says("the camera is gone; was it unplugged?");
        case EACCES:
        case EPERM:
            return says("no permission to use it; the user of the gate must be in the group video");
        case EBUSY:
            return says(fmt::format("used by another program; find it with: fuser -v {}", path_));
        case ENOTTY:
            if (request == 0 || request == VIDIOC_QUERYCAP) return says("this is no video device");
            break;
        case ENOSPC:
            return says(
                "there is not enough room on the USB bus for another picture stream; take a smaller size, format: mjpeg, or a "
                "socket of another USB controller");
        case ENOMEM:
            return says("no memory for the pictures; take a smaller size");
        case EIO:
        case EPROTO:
        case ETIMEDOUT:
        case EPIPE:
        case EILSEQ:
            return says(fmt::format("the camera does not answer as it should ({}: {}); check its cable, hub and power supply",
                                    name_of(request), std::generic_category().message(error)));
        default:
            break;
    }
    return says(fmt::format("{} failed: {}", name_of(request), std::generic_category().message(error)));
}

}  // namespace menshen::drivers::v4l2_camera
