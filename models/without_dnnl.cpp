// Where libdnnl-dev is not there: networks run in OpenCV alone.
#include <stdexcept>

#include "models/embed_net.hpp"

namespace menshen::models {

bool has_dnnl() { return false; }

std::unique_ptr<EmbedNet> make_dnnl_net(const ConvGraph&, int) { throw std::logic_error("built without oneDNN"); }

}  // namespace menshen::models
