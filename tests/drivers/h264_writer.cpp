#include "tests/drivers/h264_writer.hpp"

namespace menshen::test {

namespace {

class Bits {
public:
    void put(unsigned count, std::uint32_t value) {
        while (count-- > 0) {
            if (free_ == 0) {
                bytes_.push_back(0);
                free_ = 8;
            }
            --free_;
            bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | ((value >> count & 1U) << free_));
        }
    }
    void ue(std::uint32_t value) {  // Exp-Golomb, section 9.1.
        unsigned length = 0;
        while ((value + 1) >> (length + 1) != 0) ++length;
        put(length, 0);
        put(length + 1, value + 1);
    }
    void align() { free_ = 0; }
    void end() {
        put(1, 1);
        align();
    }
    void bytes(std::size_t count, std::uint8_t value) { bytes_.insert(bytes_.end(), count, value); }

    /// With the header and the bytes 3 that keep start codes out (section 7.4.1).
    [[nodiscard]] Nal nal(std::uint8_t header) const {
        Nal out{header};
        unsigned zeros = 0;
        for (const auto byte : bytes_) {
            if (zeros == 2 && byte <= 3) {
                out.push_back(3);
                zeros = 0;
            }
            out.push_back(byte);
            zeros = byte == 0 ? zeros + 1 : 0;
        }
        return out;
    }

private:
    std::vector<std::uint8_t> bytes_;
    unsigned free_ = 0;
};

constexpr std::uint8_t kSps = 0x67, kPps = 0x68, kIdr = 0x65, kReferred = 0x41, kUnreferred = 0x01;

}  // namespace

Nal H264Writer::sequence_parameters() const {
    Bits bits;
    bits.put(8, 66);    // Baseline.
    bits.put(8, 0xC0);  // And constrained.
    bits.put(8, 51);
    bits.ue(0);                                             // seq_parameter_set_id
    bits.ue(0);                                             // frame_num has 4 bits
    bits.ue(2);                                             // pic_order_cnt_type: in the order of decoding
    bits.ue(1);                                             // max_num_ref_frames
    bits.put(1, 0);                                         // no gaps in frame_num
    bits.ue(static_cast<std::uint32_t>(width_ / 16 - 1));   // pic_width_in_mbs_minus1
    bits.ue(static_cast<std::uint32_t>(height_ / 16 - 1));  // pic_height_in_map_units_minus1
    bits.put(1, 1);                                         // frame_mbs_only
    bits.put(1, 1);                                         // direct_8x8_inference
    bits.put(1, 0);                                         // no cropping
    bits.put(1, 0);                                         // no VUI
    bits.end();
    return bits.nal(kSps);
}

Nal H264Writer::picture_parameters() const {
    Bits bits;
    bits.ue(0);      // pic_parameter_set_id
    bits.ue(0);      // seq_parameter_set_id
    bits.put(2, 0);  // CAVLC; no bottom field order
    bits.ue(0);      // one slice group
    bits.ue(0);      // num_ref_idx_l0_default_active_minus1
    bits.ue(0);      // and of l1
    bits.put(3, 0);  // no weighted prediction
    bits.ue(0);      // pic_init_qp
    bits.ue(0);      // pic_init_qs
    bits.ue(0);      // chroma_qp_index_offset
    bits.put(1, 1);  // deblocking is said in each slice
    bits.put(2, 0);  // neither constrained intra nor redundant pictures
    bits.end();
    return bits.nal(kPps);
}

Nal H264Writer::whole(Yuv left, Yuv right) {
    Bits bits;
    bits.ue(0);           // first_mb_in_slice
    bits.ue(7);           // every slice is I
    bits.ue(0);           // pic_parameter_set_id
    bits.put(4, 0);       // frame_num
    bits.ue(idr_++ % 2);  // idr_pic_id differs from the one before
    bits.put(2, 0);       // dec_ref_pic_marking
    bits.ue(0);           // slice_qp_delta
    bits.ue(1);           // no deblocking
    const int columns = width_ / 16;
    for (std::uint32_t i = 0; i < macroblocks(); ++i) {
        const Yuv& colour = static_cast<int>(i) % columns < columns / 2 ? left : right;
        bits.ue(25);  // I_PCM
        bits.align();
        bits.bytes(256, colour.y);
        bits.bytes(64, colour.u);
        bits.bytes(64, colour.v);
    }
    bits.end();
    frame_number_ = 1;
    return bits.nal(kIdr);
}

Nal H264Writer::skipped(std::uint8_t header) {
    Bits bits;
    bits.ue(0);                        // first_mb_in_slice
    bits.ue(5);                        // every slice is P
    bits.ue(0);                        // pic_parameter_set_id
    bits.put(4, frame_number_ % 16U);  // frame_num
    bits.put(2, 0);                    // default number and order of references
    if (header == kReferred) {
        bits.put(1, 0);  // sliding window
        ++frame_number_;
    }
    bits.ue(0);  // slice_qp_delta
    bits.ue(1);  // no deblocking
    bits.ue(macroblocks());
    bits.end();
    return bits.nal(header);
}

Nal H264Writer::repeated() { return skipped(kReferred); }
Nal H264Writer::repeated_for_itself() { return skipped(kUnreferred); }

}  // namespace menshen::test
