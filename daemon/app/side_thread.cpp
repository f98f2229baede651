#include "daemon/app/side_thread.hpp"

#include <boost/asio/post.hpp>

namespace menshen::app {

SideThread::~SideThread() {
    thread_.stop();
    thread_.join();
}

void SideThread::run(Work work) {
    boost::asio::post(thread_, [this, work = std::move(work)] { boost::asio::post(loop_, work()); });
}

}  // namespace menshen::app
