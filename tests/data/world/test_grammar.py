from __future__ import annotations

from data.world.grammar import Phrase, attach, fixed, sentence, word


def heads(phrase: Phrase) -> list[int]:
    return [w.head for w in phrase.words]


def test_dependents_hang_from_the_root_in_the_order_said() -> None:
    ball = attach(word("ball", "NOUN"), before=[("det", word("a", "DET")), ("amod", word("red", "ADJ"))])
    assert ball.text == "a red ball"
    assert heads(ball) == [2, 2, -1]


def test_nested_phrases_keep_their_inner_heads() -> None:
    grass = attach(word("grass", "NOUN"), before=[("case", word("on", "ADP")), ("det", word("the", "DET"))])
    ball = attach(word("ball", "NOUN"), before=[("det", word("a", "DET"))], after=[("nmod", grass)])
    assert ball.text == "a ball on the grass"
    assert heads(ball) == [1, -1, 4, 4, 1]
    assert [w.relation for w in ball.words] == ["det", "root", "case", "det", "nmod"]
    assert ball.root == 1


def test_a_fixed_expression_hangs_together_from_its_first_word() -> None:
    assert heads(fixed([("on", "ADP"), ("top", "NOUN"), ("of", "ADP")])) == [-1, 0, 0]


def test_a_sentence_has_a_capital_and_a_full_stop_without_a_space() -> None:
    dog = sentence(attach(word("dog", "NOUN"), before=[("det", word("a", "DET"))]))
    assert dog.text == "A dog."
    assert heads(dog) == [1, -1, 1]
    assert dog.num_words == 2
