// oneDNN as the back end of networks of convolutions: on x86 it is two to three times as fast as cv::dnn. Built when libdnnl-dev
// is there; see models/CMakeLists.txt.
#include <omp.h>

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include "models/embed_net.hpp"

namespace menshen::models {
namespace {

using dnnl::memory;
using Dims = memory::dims;
using Tag = memory::format_tag;

/// Plain numbers into a memory of oneDNN.
void fill(const memory& to, const std::vector<float>& values) {
    if (to.get_desc().get_size() != values.size() * sizeof(float)) throw std::runtime_error("a constant has another size");
    std::copy(values.begin(), values.end(), static_cast<float*>(to.get_data_handle()));
}

struct Call {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> arguments;
};

/// Turns the nodes into a list of calls. A sum right after a convolution becomes part of it.
class Planner {
public:
    Planner(const ConvGraph& graph, const dnnl::engine& engine, dnnl::stream& stream)
        : graph_(graph), engine_(engine), stream_(stream), values_(graph.nodes.size() + 1), last_reader_(graph.nodes.size() + 1) {
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            last_reader_[index(graph.nodes[i].input)] = i;
            if (graph.nodes[i].kind == ConvNode::Kind::add) last_reader_[index(graph.nodes[i].other)] = i;
        }
        last_reader_.back() = graph.nodes.size();  // The output is read at the end.
    }

    struct Plan {
        std::vector<Call> calls;
        memory input, output;
    };

    Plan make() {
        Plan plan;
        plan.input = memory(desc(graph_.input, Tag::nchw), engine_);
        values_[0] = plan.input;
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
            const auto& node = graph_.nodes[i];
            switch (node.kind) {
                case ConvNode::Kind::convolve:
                    i = convolve(i);
                    break;
                case ConvNode::Kind::prelu:
                    values_[i + 1] = prelu(i);
                    break;
                case ConvNode::Kind::add:
                    values_[i + 1] = add(node);
                    break;
            }
        }
        plan.output = as(values_.back(), desc(graph_.output(), Tag::nchw));
        plan.calls = std::move(calls_);
        return plan;
    }

private:
    static std::size_t index(int value) { return static_cast<std::size_t>(value); }
    static Dims dims(const ConvShape& shape) { return {1, shape.channels, shape.height, shape.width}; }
    static memory::desc desc(const ConvShape& shape, Tag tag) { return {dims(shape), memory::data_type::f32, tag}; }

    /// The same numbers in the layout that is wanted; a constant's is changed once, here, a value's in every run.
    memory as(const memory& from, const memory::desc& wanted) {
        if (from.get_desc() == wanted) return from;
        memory out(wanted, engine_);
        calls_.push_back({dnnl::reorder(from, out), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, out}}});
        return out;
    }
    memory constant_as(const memory& from, const memory::desc& wanted) {
        if (from.get_desc() == wanted) return from;
        memory out(wanted, engine_);
        dnnl::reorder(from, out).execute(stream_, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, out}});
        stream_.wait();
        return out;
    }
    memory constant(const std::vector<float>& values, const Dims& shape, Tag tag) {
        memory out({shape, memory::data_type::f32, tag}, engine_);
        fill(out, values);
        return out;
    }
    memory slopes(const ConvNode& node) { return constant(node.slopes, {1, node.out.channels, 1, 1}, Tag::nchw); }

    /// The sum behind node `i` when it alone reads its result and the other summand is not needed any more: the convolution then
    /// adds to that one where it lies. (Other kinds of sums and the PReLU as a part of the convolution exist in oneDNN too, but
    /// only as its slow reference.)
    [[nodiscard]] const ConvNode* sum_behind(std::size_t i) const {
        if (i + 1 >= graph_.nodes.size() || last_reader_[i + 1] != i + 1) return nullptr;
        const auto& next = graph_.nodes[i + 1];
        const int made = static_cast<int>(i) + 1;
        if (next.kind != ConvNode::Kind::add || (next.input == made) == (next.other == made)) return nullptr;
        const int other = next.input == made ? next.other : next.input;
        return other != 0 && last_reader_[index(other)] == i + 1 ? &next : nullptr;
    }

    /// Returns the index of the last node that is done with it.
    std::size_t convolve(std::size_t i) {
        const auto& node = graph_.nodes[i];
        const ConvNode* sum = sum_behind(i);
        const auto& in = graph_.shape(node.input);
        const Dims filter = node.depthwise ? Dims{in.channels, 1, 1, node.size_y, node.size_x}
                                           : Dims{node.out.channels, in.channels, node.size_y, node.size_x};
        dnnl::post_ops after;
        memory out;
        if (sum != nullptr) {
            after.append_sum();
            out = values_[index(sum->input == static_cast<int>(i) + 1 ? sum->other : sum->input)];
        }
        dnnl::primitive_attr attributes;
        attributes.set_post_ops(after);
        const memory::desc any_filter{filter, memory::data_type::f32, Tag::any};
        const dnnl::convolution_forward::desc what(
            dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, desc(in, Tag::any), any_filter,
            {{node.out.channels}, memory::data_type::f32, Tag::a}, out ? out.get_desc() : desc(node.out, Tag::any),
            {node.stride_y, node.stride_x}, {node.top, node.left}, {node.bottom, node.right});
        const dnnl::convolution_forward::primitive_desc how(what, attributes, engine_);
        if (!out) out = memory(how.dst_desc(), engine_);
        calls_.push_back({dnnl::convolution_forward(how),
                          {{DNNL_ARG_SRC, as(values_[index(node.input)], how.src_desc())},
                           {DNNL_ARG_WEIGHTS, constant_as(constant(node.weights, filter, node.depthwise ? Tag::goihw : Tag::oihw),
                                                          how.weights_desc())},
                           {DNNL_ARG_BIAS, constant(node.biases, {node.out.channels}, Tag::a)},
                           {DNNL_ARG_DST, out}}});
        const std::size_t last = sum == nullptr ? i : i + 1;
        values_[last + 1] = out;
        return last;
    }

    /// In place when nobody else needs what it reads.
    memory prelu(std::size_t i) {
        const auto& node = graph_.nodes[i];
        const auto& from = values_[index(node.input)];
        const auto weights = constant(node.slopes, {1, node.out.channels, 1, 1}, Tag::nchw);
        const dnnl::prelu_forward::desc what(dnnl::prop_kind::forward_inference, from.get_desc(),
                                             {weights.get_desc().dims(), memory::data_type::f32, Tag::any});
        const dnnl::prelu_forward::primitive_desc how(what, engine_);
        const bool alone = node.input != 0 && last_reader_[index(node.input)] == i;
        const memory out = alone ? from : memory(how.dst_desc(), engine_);
        calls_.push_back(
            {dnnl::prelu_forward(how),
             {{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, constant_as(weights, how.weights_desc())}, {DNNL_ARG_DST, out}}});
        return out;
    }

    memory add(const ConvNode& node) {
        const auto& one = values_[index(node.input)];
        const auto& other = values_[index(node.other)];
        const dnnl::binary::desc what(dnnl::algorithm::binary_add, one.get_desc(), other.get_desc(), one.get_desc());
        const dnnl::binary::primitive_desc how(what, engine_);
        const memory out(how.dst_desc(), engine_);
        calls_.push_back({dnnl::binary(how), {{DNNL_ARG_SRC_0, one}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, out}}});
        return out;
    }

    const ConvGraph& graph_;
    dnnl::engine engine_;
    dnnl::stream& stream_;
    std::vector<memory> values_;
    std::vector<std::size_t> last_reader_;  ///< By value.
    std::vector<Call> calls_;
};

class DnnlNet : public EmbedNet {
public:
    DnnlNet(const ConvGraph& graph, int threads)
        : threads_(threads), size_(graph.input.elements()), output_(graph.output().elements()) {
        ::omp_set_num_threads(threads_);
        plan_ = Planner(graph, engine_, stream_).make();
    }

    std::vector<float> run(std::span<const float> input) override {
        if (input.size() != size_) throw std::runtime_error("the network wants an input of another size");
        // OpenMP's setting belongs to the calling thread.
        ::omp_set_num_threads(threads_);
        std::copy(input.begin(), input.end(), static_cast<float*>(plan_.input.get_data_handle()));
        for (const auto& call : plan_.calls) call.primitive.execute(stream_, call.arguments);
        stream_.wait();
        const auto* out = static_cast<const float*>(plan_.output.get_data_handle());
        return {out, out + output_};
    }

    std::string describe() const override {
        const auto* version = dnnl_version();
        return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
    }

private:
    int threads_;
    std::size_t size_, output_;
    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream_{engine_};
    Planner::Plan plan_;
};

}  // namespace

bool has_dnnl() { return true; }

std::unique_ptr<EmbedNet> make_dnnl_net(const ConvGraph& graph, int threads) { return std::make_unique<DnnlNet>(graph, threads); }

}  // namespace menshen::models
