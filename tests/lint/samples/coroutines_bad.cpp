// The lint must report exactly the lines that say so.
awaitable<void> bad() {
    co_await send(Message{1, 2});  // BAD
    co_await send({1, 2});  // BAD
    co_await Step{};  // BAD
    auto a = ready ? co_await read() : none;  // BAD
    auto b = co_await ready() ? 1 : 2;  // BAD
    co_await co_spawn(loop, [this]() -> awaitable<void> { return run(); }, token);  // BAD
    co_await asio::co_spawn(loop, [&x] { return run(x); }, token);  // BAD
    if (auto r = co_await open(Options{.path = "x"}); r) {  // BAD
        act();
    }
    co_await wait(
        1,
        Limit{2});  // BAD
    co_await outer([=] { return 1; }, std::vector<int>{1});  // BAD
    return_value(co_await send(std::vector<int>{1, 2}), 3);  // BAD
}
