// doctest with its own CHECK. Include it last: byzsim has a CHECK too, whose work in the headers above is done by now.
#pragma once

#undef CHECK
#undef CHECK_EQ
#undef CHECK_LE
#undef CHECK_LT
#undef CHECK_GE
#include <doctest/doctest.h>
