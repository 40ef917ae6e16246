// SPDX-License-Identifier: GPL-2.0-or-later
/* The content of every attribute that has a layout (JVMS 4.7, and the JDK's own in module-info) */
#include "jvm-broker/classfile/walker.h"

#define DEPTH_MAX 256 /* element values inside element values */

/* count rows of label, each read by the body that follows; ends early once failed */
#define ROWS(w, label, n) \
	for (uint32_t row = 0, rows = (n); row < rows && !(w)->failed && (walk_enter(w, label, row), true); row++, walk_leave(w))

/* ---- annotations (4.7.16 to 4.7.22) ------------------------------------------------------------------------------------------ */

static void walk_annotation(struct walker *w);

static void walk_element_value(struct walker *w)
{
	const unsigned tag = walk_read(w, "tag", CLASSFILE_IS_TAG, 1, 0);

	switch (tag) {
	case 'B':
	case 'C':
	case 'I':
	case 'S':
	case 'Z':
		walk_index(w, "const_value_index", ONE(INTEGER));
		break;
	case 'D':
		walk_index(w, "const_value_index", ONE(DOUBLE));
		break;
	case 'F':
		walk_index(w, "const_value_index", ONE(FLOAT));
		break;
	case 'J':
		walk_index(w, "const_value_index", ONE(LONG));
		break;
	case 's':
		walk_index(w, "const_value_index", ONE(UTF8));
		break;
	case 'e':
		walk_index(w, "type_name_index", ONE(UTF8));
		walk_index(w, "const_name_index", ONE(UTF8));
		break;
	case 'c':
		walk_index(w, "class_info_index", ONE(UTF8));
		break;
	case '@':
	case '[':
		if (w->depth == DEPTH_MAX) {
			w->failed = true;
			break;
		}
		w->depth++;
		if (tag == '@')
			walk_annotation(w);
		else
			ROWS(w, "value", walk_count(w, "num_values", 2))
		walk_element_value(w);
		w->depth--;
		break;
	default:
		w->failed = true;
	}
}

static void walk_annotation(struct walker *w)
{
	walk_index(w, "type_index", ONE(UTF8));
	ROWS(w, "element_value_pair", walk_count(w, "num_element_value_pairs", 2))
	{
		walk_index(w, "element_name_index", ONE(UTF8));
		walk_element_value(w);
	}
}

static void walk_annotations(struct walker *w)
{
	ROWS(w, "annotation", walk_count(w, "num_annotations", 2))
	walk_annotation(w);
}

static void walk_parameter_annotations(struct walker *w)
{
	ROWS(w, "parameter_annotation", walk_count(w, "num_parameters", 1))
	walk_annotations(w);
}

/* 4.7.20.1 */
static void walk_target(struct walker *w)
{
	const unsigned type = walk_read(w, "target_type", CLASSFILE_IS_TAG, 1, 0);

	switch (type) {
	case 0x00:
	case 0x01:
		walk_number(w, "type_parameter_index", 1);
		break;
	case 0x10:
		walk_number(w, "supertype_index", 2);
		break;
	case 0x11:
	case 0x12:
		walk_number(w, "type_parameter_index", 1);
		walk_number(w, "bound_index", 1);
		break;
	case 0x13:
	case 0x14:
	case 0x15:
		break;
	case 0x16:
		walk_number(w, "formal_parameter_index", 1);
		break;
	case 0x17:
		walk_number(w, "throws_type_index", 2);
		break;
	case 0x40:
	case 0x41:
		ROWS(w, "localvar", walk_count(w, "table_length", 2))
		{
			walk_read(w, "start_pc", CLASSFILE_IS_PC, 2, 0);
			walk_read(w, "length", CLASSFILE_IS_PC_LENGTH, 2, 0);
			walk_read(w, "index", CLASSFILE_IS_LOCAL, 2, 0);
		}
		break;
	case 0x42:
		walk_number(w, "exception_table_index", 2);
		break;
	case 0x43:
	case 0x44:
	case 0x45:
	case 0x46:
		walk_read(w, "offset", CLASSFILE_IS_PC, 2, 0);
		break;
	case 0x47:
	case 0x48:
	case 0x49:
	case 0x4a:
	case 0x4b:
		walk_read(w, "offset", CLASSFILE_IS_PC, 2, 0);
		walk_number(w, "type_argument_index", 1);
		break;
	default:
		w->failed = true;
	}
}

static void walk_type_annotations(struct walker *w)
{
	ROWS(w, "annotation", walk_count(w, "num_annotations", 2))
	{
		walk_target(w);
		ROWS(w, "path", walk_count(w, "path_length", 1))
		{
			walk_number(w, "type_path_kind", 1);
			walk_number(w, "type_argument_index", 1);
		}
		walk_annotation(w);
	}
}

/* ---- code ------------------------------------------------------------------------------------------------------------------------ */

static void walk_types(struct walker *w, const char *label, uint32_t n)
{
	ROWS(w, label, n)
	{
		const unsigned type = walk_read(w, "tag", CLASSFILE_IS_TAG, 1, 0);

		if (type == CLASSFILE_FRAME_OBJECT)
			walk_index(w, "cpool_index", ONE(CLASS));
		else if (type == CLASSFILE_FRAME_UNINITIALIZED)
			walk_read(w, "offset", CLASSFILE_IS_PC, 2, 0);
		else if (type >= CLASSFILE_FRAME_TYPES_N)
			w->failed = true;
	}
}

static void walk_frames(struct walker *w)
{
	ROWS(w, "stack_map_frame", walk_count(w, "number_of_entries", 2))
	{
		const unsigned type = walk_read(w, "frame_type", CLASSFILE_IS_TAG, 1, 0);

		if (type >= 128 && type < 247)
			w->failed = true;
		if (type >= 247)
			walk_read(w, "offset_delta", CLASSFILE_IS_PC_DELTA, 2, 0);
		if (type == 255)
			walk_types(w, "locals", walk_count(w, "number_of_locals", 2));
		else if (type >= 252)
			walk_types(w, "locals", type - 251);
		if (type == 255)
			walk_types(w, "stack", walk_count(w, "number_of_stack_items", 2));
		else if ((type >= 64 && type < 128) || type == 247)
			walk_types(w, "stack", 1);
	}
}

static void walk_code_attribute(struct walker *w)
{
	walk_number(w, "max_stack", 2);
	walk_number(w, "max_locals", 2);
	walk_code(w, walk_read(w, "code_length", CLASSFILE_IS_SIZE, 4, 0));
	ROWS(w, "exception_table", walk_count(w, "exception_table_length", 2))
	{
		walk_read(w, "start_pc", CLASSFILE_IS_PC, 2, 0);
		walk_read(w, "end_pc", CLASSFILE_IS_PC, 2, 0);
		walk_read(w, "handler_pc", CLASSFILE_IS_PC, 2, 0);
		walk_option(w, "catch_type", ONE(CLASS));
	}
	walk_attributes(w, CLASSFILE_IN_CODE);
}

static void walk_line_numbers(struct walker *w)
{
	ROWS(w, "line_number_table", walk_count(w, "line_number_table_length", 2))
	{
		walk_read(w, "start_pc", CLASSFILE_IS_PC, 2, 0);
		walk_number(w, "line_number", 2);
	}
}

static void walk_local_variables(struct walker *w, const char *type)
{
	ROWS(w, "local_variable_table", walk_count(w, "local_variable_table_length", 2))
	{
		walk_read(w, "start_pc", CLASSFILE_IS_PC, 2, 0);
		walk_read(w, "length", CLASSFILE_IS_PC_LENGTH, 2, 0);
		walk_index(w, "name_index", ONE(UTF8));
		walk_index(w, type, ONE(UTF8));
		walk_read(w, "index", CLASSFILE_IS_LOCAL, 2, 0);
	}
}

/* ---- the class ------------------------------------------------------------------------------------------------------------------ */

static void walk_indices(struct walker *w, const char *count, const char *label, uint32_t expects)
{
	for (uint32_t n = walk_count(w, count, 2); n && !w->failed; n--)
		walk_index(w, label, expects);
}

static void walk_inner_classes(struct walker *w)
{
	ROWS(w, "classes", walk_count(w, "number_of_classes", 2))
	{
		walk_index(w, "inner_class_info_index", ONE(CLASS));
		walk_option(w, "outer_class_info_index", ONE(CLASS));
		walk_option(w, "inner_name_index", ONE(UTF8));
		walk_flags(w, "inner_class_access_flags");
	}
}

static void walk_bootstraps(struct walker *w)
{
	ROWS(w, "bootstrap_methods", walk_count(w, "num_bootstrap_methods", 2))
	{
		walk_index(w, "bootstrap_method_ref", ONE(METHOD_HANDLE));
		walk_indices(w, "num_bootstrap_arguments", "bootstrap_argument", LOADABLE_1 | LOADABLE_2);
	}
}

static void walk_method_parameters(struct walker *w)
{
	ROWS(w, "parameters", walk_count(w, "parameters_count", 1))
	{
		walk_option(w, "name_index", ONE(UTF8));
		walk_flags(w, "access_flags");
	}
}

static void walk_record(struct walker *w)
{
	ROWS(w, "components", walk_count(w, "components_count", 2))
	{
		walk_index(w, "name_index", ONE(UTF8));
		walk_index(w, "descriptor_index", ONE(UTF8));
		walk_attributes(w, CLASSFILE_IN_COMPONENT);
	}
}

static void walk_packages(struct walker *w, const char *label, const char *count)
{
	ROWS(w, label, walk_count(w, count, 2))
	{
		walk_index(w, "package_index", ONE(PACKAGE));
		walk_flags(w, "flags");
		walk_indices(w, "to_count", "to_index", ONE(MODULE));
	}
}

static void walk_module(struct walker *w)
{
	walk_index(w, "module_name_index", ONE(MODULE));
	walk_flags(w, "module_flags");
	walk_option(w, "module_version_index", ONE(UTF8));
	ROWS(w, "requires", walk_count(w, "requires_count", 2))
	{
		walk_index(w, "requires_index", ONE(MODULE));
		walk_flags(w, "requires_flags");
		walk_option(w, "requires_version_index", ONE(UTF8));
	}
	walk_packages(w, "exports", "exports_count");
	walk_packages(w, "opens", "opens_count");
	walk_indices(w, "uses_count", "uses_index", ONE(CLASS));
	ROWS(w, "provides", walk_count(w, "provides_count", 2))
	{
		walk_index(w, "provides_index", ONE(CLASS));
		walk_indices(w, "provides_with_count", "provides_with_index", ONE(CLASS));
	}
}

static void walk_module_hashes(struct walker *w)
{
	walk_index(w, "algorithm_index", ONE(UTF8));
	ROWS(w, "hashes", walk_count(w, "hashes_count", 2))
	{
		walk_index(w, "module_name_index", ONE(MODULE));
		walk_octets(w, "hash", walk_read(w, "hash_length", CLASSFILE_IS_SIZE, 2, 0));
	}
}

static void walk_content(struct walker *w, unsigned kind)
{
	switch ((enum classfile_attribute_kind)kind) {
	case CLASSFILE_ATTR_CONSTANT_VALUE:
		walk_index(w, "constantvalue_index", ONE(INTEGER) | ONE(FLOAT) | ONE(LONG) | ONE(DOUBLE) | ONE(STRING));
		break;
	case CLASSFILE_ATTR_CODE:
		walk_code_attribute(w);
		break;
	case CLASSFILE_ATTR_STACK_MAP_TABLE:
		walk_frames(w);
		break;
	case CLASSFILE_ATTR_EXCEPTIONS:
		walk_indices(w, "number_of_exceptions", "exception_index", ONE(CLASS));
		break;
	case CLASSFILE_ATTR_INNER_CLASSES:
		walk_inner_classes(w);
		break;
	case CLASSFILE_ATTR_ENCLOSING_METHOD:
		walk_index(w, "class_index", ONE(CLASS));
		walk_option(w, "method_index", ONE(NAME_AND_TYPE));
		break;
	case CLASSFILE_ATTR_SYNTHETIC_MARK:
	case CLASSFILE_ATTR_DEPRECATED:
		break;
	case CLASSFILE_ATTR_SIGNATURE:
		walk_index(w, "signature_index", ONE(UTF8));
		break;
	case CLASSFILE_ATTR_SOURCE_FILE:
		walk_index(w, "sourcefile_index", ONE(UTF8));
		break;
	case CLASSFILE_ATTR_SOURCE_DEBUG:
		walk_octets(w, "debug_extension", w->end - w->at);
		break;
	case CLASSFILE_ATTR_LINE_NUMBERS:
		walk_line_numbers(w);
		break;
	case CLASSFILE_ATTR_LOCAL_VARIABLES:
		walk_local_variables(w, "descriptor_index");
		break;
	case CLASSFILE_ATTR_LOCAL_VARIABLE_TYPES:
		walk_local_variables(w, "signature_index");
		break;
	case CLASSFILE_ATTR_ANNOTATIONS:
	case CLASSFILE_ATTR_ANNOTATIONS_CLASS:
		walk_annotations(w);
		break;
	case CLASSFILE_ATTR_PARAMETER_ANNOTATIONS:
	case CLASSFILE_ATTR_PARAMETER_ANNOTATIONS_CLASS:
		walk_parameter_annotations(w);
		break;
	case CLASSFILE_ATTR_TYPE_ANNOTATIONS:
	case CLASSFILE_ATTR_TYPE_ANNOTATIONS_CLASS:
		walk_type_annotations(w);
		break;
	case CLASSFILE_ATTR_ANNOTATION_DEFAULT:
		walk_element_value(w);
		break;
	case CLASSFILE_ATTR_BOOTSTRAP_METHODS:
		walk_bootstraps(w);
		break;
	case CLASSFILE_ATTR_METHOD_PARAMETERS:
		walk_method_parameters(w);
		break;
	case CLASSFILE_ATTR_MODULE_INFO:
		walk_module(w);
		break;
	case CLASSFILE_ATTR_MODULE_PACKAGES:
		walk_indices(w, "package_count", "package_index", ONE(PACKAGE));
		break;
	case CLASSFILE_ATTR_MODULE_MAIN_CLASS:
		walk_index(w, "main_class_index", ONE(CLASS));
		break;
	case CLASSFILE_ATTR_NEST_HOST:
		walk_index(w, "host_class_index", ONE(CLASS));
		break;
	case CLASSFILE_ATTR_NEST_MEMBERS:
		walk_indices(w, "number_of_classes", "class_index", ONE(CLASS));
		break;
	case CLASSFILE_ATTR_RECORD:
		walk_record(w);
		break;
	case CLASSFILE_ATTR_PERMITTED_SUBCLASSES:
		walk_indices(w, "number_of_classes", "class_index", ONE(CLASS));
		break;
	case CLASSFILE_ATTR_MODULE_TARGET:
		walk_index(w, "target_platform_index", ONE(UTF8));
		break;
	case CLASSFILE_ATTR_MODULE_HASHES:
		walk_module_hashes(w);
		break;
	case CLASSFILE_ATTR_MODULE_RESOLUTION:
		walk_flags(w, "resolution_flags");
		break;
	case CLASSFILE_ATTR_UNKNOWN:
	case CLASSFILE_ATTR_N:
		walk_octets(w, "info", w->end - w->at);
		break;
	}
}

void walk_attributes(struct walker *w, enum classfile_place place)
{
	uint32_t n = walk_count(w, "attributes_count", 2);

	for (uint32_t i = 0; i < n && !w->failed; i++) {
		const uint32_t after = w->end;
		const uint8_t *head = w->c->data + w->at;
		unsigned kind;
		uint32_t len;

		if (w->end - w->at < 6 || classfile_u32(head + 2) > w->end - w->at - 6) {
			w->failed = true;
			return;
		}
		kind = classfile_attribute_kind(w->c, classfile_u16(head));
		if (!classfile_attribute_fits(kind, place))
			kind = CLASSFILE_ATTR_UNKNOWN;
		walk_enter(w, kind ? classfile_attribute_name(kind) : "attribute", i);
		walk_index(w, "attribute_name_index", ONE(UTF8));
		len = walk_read(w, "attribute_length", CLASSFILE_IS_SIZE, 4, 0);
		w->end = w->at + len;
		walk_content(w, kind);
		walk_close(w);
		w->end = after;
		walk_leave(w);
	}
}
