#pragma once
/// The face recognition network of dlib's examples, as a type. Heavy: for convert.cpp, its test and the bench only.

#include <dlib/dnn.h>

namespace menshen::models::dlib_resnet {

// A residual block: two 3x3 convolutions beside a way around them. The names are ours, the structure is what the .dat file holds.
template <int filters, int stride, typename In>
using TwoConvs =
    dlib::affine<dlib::con<filters, 3, 3, 1, 1, dlib::relu<dlib::affine<dlib::con<filters, 3, 3, stride, stride, In>>>>>;

template <int filters, typename In>
using Same = dlib::relu<dlib::add_prev1<TwoConvs<filters, 1, dlib::tag1<In>>>>;

template <int filters, typename In>
using Halved =
    dlib::relu<dlib::add_prev2<dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<TwoConvs<filters, 2, dlib::tag1<In>>>>>>>;

template <typename In>
using Stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, In>>>>;
template <typename In>
using Blocks32 = Same<32, Same<32, Same<32, In>>>;
template <typename In>
using Blocks64 = Same<64, Same<64, Same<64, Halved<64, In>>>>;
template <typename In>
using Blocks128 = Same<128, Same<128, Halved<128, In>>>;
template <typename In>
using Blocks256 = Halved<256, Same<256, Same<256, Halved<256, In>>>>;

using Network = dlib::loss_metric<dlib::fc_no_bias<
    128, dlib::avg_pool_everything<Blocks256<Blocks128<Blocks64<Blocks32<Stem<dlib::input_rgb_image_sized<150>>>>>>>>>;

}  // namespace menshen::models::dlib_resnet
