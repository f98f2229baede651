// Every shape here is fine. "co_await Foo{1}" in a comment is no code.
awaitable<void> good() {
    auto message = Message{1, 2};
    co_await send(message);
    auto executor = co_await asio::this_coro::executor;
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (co_await ready()) {
        act(Message{1, 2});
    }
    while (auto frame = co_await link.read()) {
        use(*frame ? Kind::a : Kind::b);
    }
    auto work = [this]() -> awaitable<void> { co_await step(); };
    co_await co_spawn(loop, work, asio::use_awaitable);
    co_await co_spawn(loop, [] { return plain(); }, asio::use_awaitable);
    auto value = co_await table[index];
    const char* text = "co_await Foo{1} ? a : b";
    const auto* raw = R"(co_await Foo{1};)";
    co_await in_turn(values[0], [&] { return 1; });
    for (auto item : co_await list()) use(item);
    try {
        co_await step();
    } catch (...) {
        handle();
    }
}
