-- view information_schema.information_schema_catalog_name
SELECT current_database() AS catalog_name;

-- view information_schema.enabled_roles
SELECT a.rolname AS role_name FROM pg_authid a WHERE pg_has_role(a.oid, 'USAGE');

-- view information_schema.applicable_roles
SELECT a.rolname AS grantee, b.rolname AS role_name, CASE WHEN m.admin_option THEN 'YES' ELSE 'NO' END AS is_grantable
FROM pg_auth_members m
JOIN pg_authid a ON a.oid = m.member
JOIN pg_authid b ON b.oid = m.roleid
WHERE pg_has_role(a.oid, 'USAGE');

-- view information_schema.character_sets
SELECT NULL::name AS character_set_catalog, NULL::name AS character_set_schema, 'UTF8'::name AS character_set_name,
       'UCS'::name AS character_repertoire, 'UTF8'::name AS form_of_use, current_database() AS default_collate_catalog,
       NULL::name AS default_collate_schema, NULL::name AS default_collate_name;

-- view information_schema.schemata
SELECT current_database() AS catalog_name, n.nspname AS schema_name, u.rolname AS schema_owner,
       NULL::name AS default_character_set_catalog, NULL::name AS default_character_set_schema,
       NULL::name AS default_character_set_name, NULL::text AS sql_path
FROM pg_namespace n JOIN pg_authid u ON u.oid = n.nspowner
WHERE pg_has_role(n.nspowner, 'USAGE') OR has_schema_privilege(n.oid, 'CREATE, USAGE');

-- view information_schema.tables
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       CASE WHEN n.oid = pg_my_temp_schema() THEN 'LOCAL TEMPORARY' WHEN c.relkind IN ('r', 'p') THEN 'BASE TABLE'
            WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'f' THEN 'FOREIGN' END AS table_type,
       NULL::name AS self_referencing_column_name, NULL::text AS reference_generation,
       NULL::name AS user_defined_type_catalog, NULL::name AS user_defined_type_schema,
       NULL::name AS user_defined_type_name,
       CASE WHEN c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND (pg_relation_is_updatable(c.oid, false) & 8) = 8)
            THEN 'YES' ELSE 'NO' END AS is_insertable_into,
       'NO' AS is_typed, NULL::text AS commit_action
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE')
       OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));

-- view information_schema.views
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       CASE WHEN pg_has_role(c.relowner, 'USAGE') THEN pg_get_viewdef(c.oid) END AS view_definition,
       CASE WHEN 'check_option=cascaded' = ANY (c.reloptions) THEN 'CASCADED'
            WHEN 'check_option=local' = ANY (c.reloptions) THEN 'LOCAL' ELSE 'NONE' END AS check_option,
       CASE WHEN (pg_relation_is_updatable(c.oid, false) & 20) = 20 THEN 'YES' ELSE 'NO' END AS is_updatable,
       CASE WHEN (pg_relation_is_updatable(c.oid, false) & 8) = 8 THEN 'YES' ELSE 'NO' END AS is_insertable_into,
       'NO' AS is_trigger_updatable, 'NO' AS is_trigger_deletable, 'NO' AS is_trigger_insertable_into
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
WHERE c.relkind = 'v' AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE')
       OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));

-- view information_schema.columns
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name,
       a.attnum AS ordinal_position,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS column_default,
       CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 'NO' ELSE 'YES' END AS is_nullable,
       CASE WHEN b.typelem <> 0 AND b.typlen = -1 THEN 'ARRAY' WHEN bn.nspname = 'pg_catalog' THEN format_type(b.oid, NULL)
            ELSE 'USER-DEFINED' END AS data_type,
       CASE WHEN b.oid IN (1042, 1043) AND m.typmod <> -1 THEN m.typmod - 4 WHEN b.oid IN (1560, 1562) AND m.typmod <> -1
            THEN m.typmod END AS character_maximum_length,
       CASE WHEN b.oid IN (25, 1042, 1043) THEN CASE WHEN m.typmod = -1 THEN 1073741824
            ELSE (m.typmod - 4) * pg_encoding_max_length(6) END END AS character_octet_length,
       CASE b.oid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
            WHEN 1700 THEN CASE WHEN m.typmod <> -1 THEN ((m.typmod - 4) >> 16) & 65535 END END AS numeric_precision,
       CASE WHEN b.oid IN (20, 21, 23, 700, 701) THEN 2 WHEN b.oid = 1700 THEN 10 END AS numeric_precision_radix,
       CASE WHEN b.oid IN (20, 21, 23) THEN 0 WHEN b.oid = 1700 AND m.typmod <> -1 THEN (m.typmod - 4) & 65535 END
         AS numeric_scale,
       CASE WHEN b.oid = 1082 THEN 0 WHEN b.oid IN (1083, 1114, 1184, 1266)
            THEN CASE WHEN m.typmod < 0 THEN 6 ELSE m.typmod END
            WHEN b.oid = 1186 THEN CASE WHEN m.typmod < 0 OR (m.typmod & 65535) = 65535 THEN 6 ELSE m.typmod & 65535 END END
         AS datetime_precision,
       CASE WHEN b.oid = 1186 AND m.typmod <> -1 THEN upper(substring(format_type(b.oid, m.typmod) from 'interval[()0-9]* #"%#"' for '#'))
            END AS interval_type,
       NULL::int AS interval_precision, NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name, CASE WHEN nc.nspname IS NOT NULL THEN current_database() END AS collation_catalog,
       nc.nspname AS collation_schema, co.collname AS collation_name,
       CASE WHEN t.typtype = 'd' THEN current_database() END AS domain_catalog,
       CASE WHEN t.typtype = 'd' THEN tn.nspname END AS domain_schema, CASE WHEN t.typtype = 'd' THEN t.typname END AS domain_name,
       current_database() AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name, NULL::name AS scope_catalog,
       NULL::name AS scope_schema, NULL::name AS scope_name, NULL::int AS maximum_cardinality,
       a.attnum::text AS dtd_identifier, 'NO' AS is_self_referencing,
       CASE WHEN a.attidentity IN ('a', 'd') THEN 'YES' ELSE 'NO' END AS is_identity,
       CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity_generation,
       s.seqstart::text AS identity_start, s.seqincrement::text AS identity_increment, s.seqmax::text AS identity_maximum,
       s.seqmin::text AS identity_minimum, CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END AS identity_cycle,
       CASE WHEN a.attgenerated <> '' THEN 'ALWAYS' ELSE 'NEVER' END AS is_generated,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generation_expression,
       CASE WHEN c.relkind IN ('r', 'p') OR (c.relkind IN ('v', 'f') AND pg_column_is_updatable(c.oid, a.attnum, false))
            THEN 'YES' ELSE 'NO' END AS is_updatable
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
JOIN pg_namespace bn ON bn.oid = b.typnamespace
CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod) m
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation AND co.collname <> 'default'
LEFT JOIN pg_namespace nc ON nc.oid = co.collnamespace
LEFT JOIN pg_depend p ON p.classid = 1259 AND p.refclassid = 1259 AND p.refobjid = c.oid AND p.refobjsubid = a.attnum
                         AND p.deptype = 'i'
LEFT JOIN pg_sequence s ON s.seqrelid = p.objid
WHERE NOT pg_is_other_temp_schema(n.oid) AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p')
  AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

-- view information_schema.table_constraints
SELECT current_database() AS constraint_catalog, cn.nspname AS constraint_schema, k.conname AS constraint_name,
       current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       CASE k.contype WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END
         AS constraint_type,
       CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END AS is_deferrable,
       CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END AS initially_deferred, 'YES' AS enforced,
       CASE WHEN k.contype = 'u' THEN (SELECT CASE WHEN x.indnullsnotdistinct THEN 'NO' ELSE 'YES' END FROM pg_index x
                                       WHERE x.indexrelid = k.conindid) END AS nulls_distinct
FROM pg_constraint k
JOIN pg_namespace cn ON cn.oid = k.connamespace
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('c', 'f', 'p', 'u') AND c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE')
       OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'))
UNION ALL
SELECT current_database(), n.nspname, (n.oid::text || '_' || c.oid::text || '_' || a.attnum::text || '_not_null')::name,
       current_database(), n.nspname, c.relname, 'CHECK', 'NO', 'NO', 'YES', NULL
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE')
       OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

-- view information_schema.check_constraints
SELECT current_database() AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name,
       substring(pg_get_constraintdef(k.oid), 7) AS check_clause
FROM pg_constraint k
LEFT JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_type t ON t.oid = k.contypid
WHERE k.contype = 'c' AND pg_has_role(coalesce(c.relowner, t.typowner), 'USAGE')
UNION ALL
SELECT current_database(), n.nspname, (n.oid::text || '_' || c.oid::text || '_' || a.attnum::text || '_not_null')::name,
       a.attname || ' IS NOT NULL'
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');

-- view information_schema.key_column_usage
SELECT current_database() AS constraint_catalog, k.nspname AS constraint_schema, k.conname AS constraint_name,
       current_database() AS table_catalog, k.table_schema, k.relname AS table_name, a.attname AS column_name,
       k.position AS ordinal_position,
       CASE WHEN k.contype = 'f' THEN (SELECT p.place FROM pg_index x, generate_subscripts(x.indkey, 1) WITH ORDINALITY AS p(i, place)
                                       WHERE x.indexrelid = k.conindid AND x.indkey[p.i] = k.confkey[k.position]) END
         AS position_in_unique_constraint
FROM (SELECT cn.nspname, o.conname, n.nspname AS table_schema, c.relname, c.oid AS relid, c.relowner, o.contype, o.conkey,
             o.confkey, o.conindid, generate_subscripts(o.conkey, 1) AS position
      FROM pg_constraint o
      JOIN pg_namespace cn ON cn.oid = o.connamespace
      JOIN pg_class c ON c.oid = o.conrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE o.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(n.oid)) k
JOIN pg_attribute a ON a.attrelid = k.relid AND a.attnum = k.conkey[k.position]
WHERE NOT a.attisdropped
  AND (pg_has_role(k.relowner, 'USAGE') OR has_column_privilege(k.relid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

-- view information_schema.constraint_column_usage
SELECT current_database() AS table_catalog, u.table_schema, u.table_name, u.column_name,
       current_database() AS constraint_catalog, u.constraint_schema, u.constraint_name
FROM (SELECT DISTINCT n.nspname AS table_schema, c.relname AS table_name, c.relowner, a.attname AS column_name,
             cn.nspname AS constraint_schema, k.conname AS constraint_name
      FROM pg_constraint k
      JOIN pg_namespace cn ON cn.oid = k.connamespace
      JOIN pg_class c ON c.oid = CASE k.contype WHEN 'f' THEN k.confrelid ELSE k.conrelid END
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid
                             AND a.attnum = ANY (CASE k.contype WHEN 'f' THEN k.confkey ELSE k.conkey END)
      WHERE k.contype IN ('c', 'p', 'u', 'f') AND c.relkind IN ('r', 'p') AND NOT a.attisdropped) u
WHERE pg_has_role(u.relowner, 'USAGE');

-- view information_schema.constraint_table_usage
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       current_database() AS constraint_catalog, cn.nspname AS constraint_schema, k.conname AS constraint_name
FROM pg_constraint k
JOIN pg_namespace cn ON cn.oid = k.connamespace
JOIN pg_class c ON c.oid = CASE k.contype WHEN 'f' THEN k.confrelid ELSE k.conrelid END
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');

-- view information_schema.referential_constraints
SELECT current_database() AS constraint_catalog, cn.nspname AS constraint_schema, k.conname AS constraint_name,
       CASE WHEN pn.nspname IS NULL THEN NULL ELSE current_database() END AS unique_constraint_catalog,
       pn.nspname AS unique_constraint_schema, p.conname AS unique_constraint_name,
       CASE k.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' WHEN 's' THEN 'NONE' END AS match_option,
       CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
            WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END AS update_rule,
       CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
            WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END AS delete_rule
FROM pg_constraint k
JOIN pg_namespace cn ON cn.oid = k.connamespace
JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_constraint p ON p.conindid = k.conindid AND p.contype IN ('p', 'u') AND p.conrelid = k.confrelid
LEFT JOIN pg_namespace pn ON pn.oid = p.connamespace
WHERE k.contype = 'f'
  AND (pg_has_role(c.relowner, 'USAGE')
       OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

-- view information_schema.sequences
SELECT current_database() AS sequence_catalog, n.nspname AS sequence_schema, c.relname AS sequence_name,
       format_type(s.seqtypid, NULL) AS data_type,
       CASE s.seqtypid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 END AS numeric_precision, 2 AS numeric_precision_radix,
       0 AS numeric_scale, s.seqstart::text AS start_value, s.seqmin::text AS minimum_value, s.seqmax::text AS maximum_value,
       s.seqincrement::text AS increment, CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END AS cycle_option
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND NOT pg_is_other_temp_schema(n.oid)
  AND NOT EXISTS (SELECT 1 FROM pg_depend p WHERE p.classid = 1259 AND p.objid = c.oid AND p.deptype = 'i')
  AND (pg_has_role(c.relowner, 'USAGE') OR has_sequence_privilege(c.oid, 'SELECT, UPDATE, USAGE'));

-- view information_schema.triggers
SELECT current_database() AS trigger_catalog, n.nspname AS trigger_schema, t.tgname AS trigger_name,
       NULL::text AS event_manipulation, current_database() AS event_object_catalog, n.nspname AS event_object_schema,
       c.relname AS event_object_table, NULL::int AS action_order, NULL::text AS action_condition,
       NULL::text AS action_statement, CASE WHEN (t.tgtype & 1) = 1 THEN 'ROW' ELSE 'STATEMENT' END AS action_orientation,
       CASE WHEN (t.tgtype & 2) = 2 THEN 'BEFORE' WHEN (t.tgtype & 64) = 64 THEN 'INSTEAD OF' ELSE 'AFTER' END AS action_timing,
       t.tgoldtable AS action_reference_old_table, t.tgnewtable AS action_reference_new_table,
       NULL::name AS action_reference_old_row, NULL::name AS action_reference_new_row, NULL::timestamptz AS created
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal;

-- view information_schema.table_privileges
SELECT g.rolname AS grantor, coalesce(r.rolname, 'PUBLIC'::name) AS grantee, current_database() AS table_catalog,
       n.nspname AS table_schema, c.relname AS table_name, x.privilege_type,
       CASE WHEN x.is_grantable OR pg_has_role(x.grantee, c.relowner, 'USAGE') THEN 'YES' ELSE 'NO' END AS is_grantable,
       CASE WHEN x.privilege_type = 'SELECT' THEN 'YES' ELSE 'NO' END AS with_hierarchy
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
JOIN pg_authid g ON g.oid = x.grantor
LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND (x.grantee = 0 OR r.oid IS NOT NULL)
  AND x.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
  AND (pg_has_role(g.oid, 'USAGE') OR x.grantee = 0 OR pg_has_role(r.oid, 'USAGE'));

-- view information_schema.role_table_grants
SELECT grantor, grantee, table_catalog, table_schema, table_name, privilege_type, is_grantable, with_hierarchy
FROM information_schema.table_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
   OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

-- view information_schema.domains
SELECT current_database() AS domain_catalog, n.nspname AS domain_schema, t.typname AS domain_name,
       CASE WHEN b.typelem <> 0 AND b.typlen = -1 THEN 'ARRAY' WHEN bn.nspname = 'pg_catalog' THEN format_type(b.oid, NULL)
            ELSE 'USER-DEFINED' END AS data_type,
       CASE WHEN b.oid IN (1042, 1043) AND t.typtypmod <> -1 THEN t.typtypmod - 4 END AS character_maximum_length,
       CASE WHEN b.oid IN (25, 1042, 1043) THEN CASE WHEN t.typtypmod = -1 THEN 1073741824
            ELSE (t.typtypmod - 4) * pg_encoding_max_length(6) END END AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema, NULL::name AS character_set_name,
       CASE WHEN nc.nspname IS NOT NULL THEN current_database() END AS collation_catalog, nc.nspname AS collation_schema,
       co.collname AS collation_name,
       CASE b.oid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
            WHEN 1700 THEN CASE WHEN t.typtypmod <> -1 THEN ((t.typtypmod - 4) >> 16) & 65535 END END AS numeric_precision,
       CASE WHEN b.oid IN (20, 21, 23, 700, 701) THEN 2 WHEN b.oid = 1700 THEN 10 END AS numeric_precision_radix,
       CASE WHEN b.oid IN (20, 21, 23) THEN 0 WHEN b.oid = 1700 AND t.typtypmod <> -1 THEN (t.typtypmod - 4) & 65535 END
         AS numeric_scale,
       CASE WHEN b.oid = 1082 THEN 0 WHEN b.oid IN (1083, 1114, 1184, 1266)
            THEN CASE WHEN t.typtypmod < 0 THEN 6 ELSE t.typtypmod END END AS datetime_precision,
       NULL::text AS interval_type, NULL::int AS interval_precision, t.typdefault AS domain_default,
       current_database() AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name, NULL::name AS scope_catalog,
       NULL::name AS scope_schema, NULL::name AS scope_name, NULL::int AS maximum_cardinality, '1'::name AS dtd_identifier
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_type b ON b.oid = t.typbasetype
JOIN pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_collation co ON co.oid = t.typcollation AND co.collname <> 'default'
LEFT JOIN pg_namespace nc ON nc.oid = co.collnamespace
WHERE t.typtype = 'd' AND (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));

-- view information_schema.domain_constraints
SELECT current_database() AS constraint_catalog, cn.nspname AS constraint_schema, k.conname AS constraint_name,
       current_database() AS domain_catalog, n.nspname AS domain_schema, t.typname AS domain_name,
       CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END AS is_deferrable,
       CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END AS initially_deferred
FROM pg_constraint k
JOIN pg_namespace cn ON cn.oid = k.connamespace
JOIN pg_type t ON t.oid = k.contypid
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE');

-- view information_schema.column_privileges
SELECT DISTINCT g.rolname AS grantor, coalesce(r.rolname, 'PUBLIC'::name) AS grantee, current_database() AS table_catalog,
       n.nspname AS table_schema, s.relname AS table_name, s.attname AS column_name, s.privilege_type,
       CASE WHEN s.is_grantable OR pg_has_role(s.grantee, s.relowner, 'USAGE') THEN 'YES' ELSE 'NO' END AS is_grantable
FROM (SELECT c.relname, c.relnamespace, c.relowner, a.attname, x.grantor, x.grantee, x.privilege_type, x.is_grantable
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
      WHERE c.relkind IN ('r', 'v', 'f', 'p')
      UNION ALL
      SELECT c.relname, c.relnamespace, c.relowner, a.attname, x.grantor, x.grantee, x.privilege_type, x.is_grantable
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL
      CROSS JOIN LATERAL aclexplode(a.attacl) x
      WHERE c.relkind IN ('r', 'v', 'f', 'p')) s
JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_authid g ON g.oid = s.grantor
LEFT JOIN pg_authid r ON r.oid = s.grantee
WHERE (s.grantee = 0 OR r.oid IS NOT NULL) AND s.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'REFERENCES')
  AND (pg_has_role(g.oid, 'USAGE') OR s.grantee = 0 OR pg_has_role(r.oid, 'USAGE'));

-- view information_schema.role_column_grants
SELECT grantor, grantee, table_catalog, table_schema, table_name, column_name, privilege_type, is_grantable
FROM information_schema.column_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
   OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

-- view information_schema.parameters
SELECT current_database() AS specific_catalog, s.nspname AS specific_schema,
       nameconcatoid(s.proname, s.oid) AS specific_name, (s.argument).n AS ordinal_position,
       CASE s.proargmodes[(s.argument).n] WHEN 'o' THEN 'OUT' WHEN 't' THEN 'OUT' WHEN 'b' THEN 'INOUT' ELSE 'IN' END
         AS parameter_mode,
       'NO' AS is_result, 'NO' AS as_locator, nullif(s.proargnames[(s.argument).n], '') AS parameter_name,
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN n.nspname = 'pg_catalog' THEN format_type(t.oid, NULL)
            ELSE 'USER-DEFINED' END AS data_type,
       NULL::int AS character_maximum_length, NULL::int AS character_octet_length, NULL::name AS character_set_catalog,
       NULL::name AS character_set_schema, NULL::name AS character_set_name, NULL::name AS collation_catalog,
       NULL::name AS collation_schema, NULL::name AS collation_name, NULL::int AS numeric_precision,
       NULL::int AS numeric_precision_radix, NULL::int AS numeric_scale, NULL::int AS datetime_precision,
       NULL::text AS interval_type, NULL::int AS interval_precision, current_database() AS udt_catalog,
       n.nspname AS udt_schema, t.typname AS udt_name, NULL::name AS scope_catalog, NULL::name AS scope_schema,
       NULL::name AS scope_name, NULL::int AS maximum_cardinality, (s.argument).n::text::name AS dtd_identifier,
       CASE WHEN pg_has_role(s.proowner, 'USAGE') THEN pg_get_function_arg_default(s.oid, (s.argument).n) END
         AS parameter_default
FROM (SELECT p.oid, p.proname, p.proowner, p.proargnames, p.proargmodes, pn.nspname,
             information_schema._pg_expandarray(coalesce(p.proallargtypes, p.proargtypes::oid[])) AS argument
      FROM pg_proc p
      JOIN pg_namespace pn ON pn.oid = p.pronamespace
      WHERE pg_has_role(p.proowner, 'USAGE') OR has_function_privilege(p.oid, 'EXECUTE')) s
JOIN pg_type t ON t.oid = (s.argument).x
JOIN pg_namespace n ON n.oid = t.typnamespace;

-- view information_schema.routines
SELECT current_database() AS specific_catalog, n.nspname AS specific_schema, nameconcatoid(p.proname, p.oid) AS specific_name,
       current_database() AS routine_catalog, n.nspname AS routine_schema, p.proname AS routine_name,
       CASE p.prokind WHEN 'f' THEN 'FUNCTION' WHEN 'p' THEN 'PROCEDURE' END AS routine_type,
       NULL::name AS module_catalog, NULL::name AS module_schema, NULL::name AS module_name, NULL::name AS udt_catalog,
       NULL::name AS udt_schema, NULL::name AS udt_name,
       CASE WHEN p.prokind = 'p' THEN NULL WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
            WHEN tn.nspname = 'pg_catalog' THEN format_type(t.oid, NULL) ELSE 'USER-DEFINED' END AS data_type,
       NULL::int AS character_maximum_length, NULL::int AS character_octet_length, NULL::name AS character_set_catalog,
       NULL::name AS character_set_schema, NULL::name AS character_set_name, NULL::name AS collation_catalog,
       NULL::name AS collation_schema, NULL::name AS collation_name, NULL::int AS numeric_precision,
       NULL::int AS numeric_precision_radix, NULL::int AS numeric_scale, NULL::int AS datetime_precision,
       NULL::text AS interval_type, NULL::int AS interval_precision,
       CASE WHEN tn.nspname IS NOT NULL THEN current_database() END AS type_udt_catalog, tn.nspname AS type_udt_schema,
       t.typname AS type_udt_name, NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name,
       NULL::int AS maximum_cardinality, CASE WHEN p.prokind <> 'p' THEN '0'::name END AS dtd_identifier,
       CASE WHEN l.lanname = 'sql' THEN 'SQL' ELSE 'EXTERNAL' END AS routine_body,
       CASE WHEN pg_has_role(p.proowner, 'USAGE') THEN p.prosrc END AS routine_definition,
       CASE WHEN l.lanname = 'c' THEN p.prosrc END AS external_name, upper(l.lanname::text) AS external_language,
       'GENERAL' AS parameter_style, CASE WHEN p.provolatile = 'i' THEN 'YES' ELSE 'NO' END AS is_deterministic,
       'MODIFIES' AS sql_data_access,
       CASE WHEN p.prokind <> 'p' THEN CASE WHEN p.proisstrict THEN 'YES' ELSE 'NO' END END AS is_null_call,
       NULL::text AS sql_path, 'YES' AS schema_level_routine, 0 AS max_dynamic_result_sets,
       NULL::text AS is_user_defined_cast, NULL::text AS is_implicitly_invocable,
       CASE WHEN p.prosecdef THEN 'DEFINER' ELSE 'INVOKER' END AS security_type, NULL::name AS to_sql_specific_catalog,
       NULL::name AS to_sql_specific_schema, NULL::name AS to_sql_specific_name, 'NO' AS as_locator,
       NULL::timestamptz AS created, NULL::timestamptz AS last_altered, NULL::text AS new_savepoint_level,
       'NO' AS is_udt_dependent, NULL::text AS result_cast_from_data_type, NULL::text AS result_cast_as_locator,
       NULL::int AS result_cast_char_max_length, NULL::int AS result_cast_char_octet_length,
       NULL::name AS result_cast_char_set_catalog, NULL::name AS result_cast_char_set_schema,
       NULL::name AS result_cast_char_set_name, NULL::name AS result_cast_collation_catalog,
       NULL::name AS result_cast_collation_schema, NULL::name AS result_cast_collation_name,
       NULL::int AS result_cast_numeric_precision, NULL::int AS result_cast_numeric_precision_radix,
       NULL::int AS result_cast_numeric_scale, NULL::int AS result_cast_datetime_precision,
       NULL::text AS result_cast_interval_type, NULL::int AS result_cast_interval_precision,
       NULL::name AS result_cast_type_udt_catalog, NULL::name AS result_cast_type_udt_schema,
       NULL::name AS result_cast_type_udt_name, NULL::name AS result_cast_scope_catalog,
       NULL::name AS result_cast_scope_schema, NULL::name AS result_cast_scope_name,
       NULL::int AS result_cast_maximum_cardinality, NULL::name AS result_cast_dtd_identifier
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN (pg_type t JOIN pg_namespace tn ON tn.oid = t.typnamespace) ON t.oid = p.prorettype AND p.prokind <> 'p'
WHERE pg_has_role(p.proowner, 'USAGE') OR has_function_privilege(p.oid, 'EXECUTE');
