// Chat templates that would never end.
#include "ggml/budget.h"

#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

std::string Repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(GgmlTemplateTest, HostileOnesEndWithAnError) {
  const std::string loop = "{% for a in range(3000) %}";
  const std::string end = "{% endfor %}";
  for (const std::string& source :
       {Repeated(loop, 4) + Repeated(end, 4),
        std::string("{% for a in range(2000000000) %}{% endfor %}"),
        std::string("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
        std::string("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}"
                    "{% set ns.l = ns.l + ns.l %}{% endfor %}{{ ns.l }}")}) {
    // A message first, so that what the template is tried with is a template.
    const Model model({{"chat-template", "{{ messages[0].content }}" + source}});
    Session session(model, {{"temp", "0"}});
    EXPECT_EQ(session.Set(2, R"([{"role": "user", "content": "abc"}])"), WASINN_OK);
    EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT) << source << ": " << session.message;
    EXPECT_NE(session.message.find("one that the model's template does not take"),
              std::string::npos)
        << session.message;
    // The graph still works.
    Session plain(model, {{"temp", "0"}});
    EXPECT_EQ(plain.Ask("xy"), WASINN_OK) << plain.message;
    EXPECT_EQ(plain.text, "z");
  }
}

TEST(GgmlTemplateTest, DeepOnesAreNotRead) {
  for (const std::string& source :
       {"{{ " + std::string(300, '(') + "1" + std::string(300, ')') + " }}",
        std::string(300 << 10, 'x')}) {
    EXPECT_NE(CheckTemplate(source), "");
  }
  EXPECT_EQ(CheckTemplate("{{ messages[0]['content'] }}"), "");
  const Model model(
      {{"chat-template", "{{ " + std::string(300, '(') + "1" + std::string(300, ')') + " }}"}});
  Session session(model);
  EXPECT_EQ(session.Set(2, R"([{"role": "user", "content": "abc"}])"), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(session.message.find("nested deeper than 256"), std::string::npos) << session.message;
}

TEST(GgmlTemplateTest, LongChatsHaveRoom) {
  const Model model({}, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"task", "tokenize"}, {"ctx-size", "8000"}});
  nlohmann::json chat;
  for (int i = 0; i < 1000; ++i)
    chat.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", "a"}});
  EXPECT_EQ(session.Set(2, chat.dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  EXPECT_GT(session.usage["input_tokens"], 4000);
}

}  // namespace
}  // namespace wasinn::ggml
