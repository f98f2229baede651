#pragma once
/// Lets dlib read an Image where it lies. Private to models/.

#include <dlib/image_processing/generic_image.h>
#include <dlib/pixel.h>

#include "models/image.hpp"

namespace menshen::models {

/// dlib's "generic image" over pixels that belong to somebody else. dlib asks for more than it uses; resizing is not for a view.
template <class Pixel>
struct PixelView {
    const void* data = nullptr;
    long rows = 0;
    long columns = 0;
};

inline PixelView<dlib::rgb_pixel> view_of(const Image& image) { return {image.rgb.data(), image.height, image.width}; }

template <class Pixel>
long num_rows(const PixelView<Pixel>& view) {
    return view.rows;
}
template <class Pixel>
long num_columns(const PixelView<Pixel>& view) {
    return view.columns;
}
template <class Pixel>
const void* image_data(const PixelView<Pixel>& view) {
    return view.data;
}
template <class Pixel>
long width_step(const PixelView<Pixel>& view) {
    return view.columns * static_cast<long>(sizeof(Pixel));
}

}  // namespace menshen::models

namespace dlib {
template <class Pixel>
struct image_traits<menshen::models::PixelView<Pixel>> {
    using pixel_type = Pixel;
};
template <class Pixel>
struct image_traits<const menshen::models::PixelView<Pixel>> {
    using pixel_type = Pixel;
};
}  // namespace dlib
